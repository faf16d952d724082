/** Forms of the report of `dlc check`; apart from the forms themselves, which no other command loads. */
export const formNames = ["pretty", "json", "sarif", "github"] as const;
export type FormName = (typeof formNames)[number];
