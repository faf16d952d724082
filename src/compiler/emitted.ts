/** The border after phase 5: a file of the emitted folder. Paths are relative with forward slashes. */
export interface EmittedFile {
  readonly path: string;
  readonly text: string;
}
