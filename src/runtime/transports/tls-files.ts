/** Files in PEM: whom to trust, the own certificate, its key. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export const TLS_KEYS = ["ca", "cert", "key"] as const;
