/** What is compiled. */
export interface TemplateFile {
  /** As it was passed in: `'verify.ja.html'`. */
  readonly path: string
  /** Values in HTML have to be escaped, those in a text must not be. */
  readonly kind: 'html' | 'text'
}

/** Makes of the source of a file what renders it with data. */
export type CompileTemplate = (
  source: string,
  file: TemplateFile,
) => (data: object) => string | PromiseLike<string>
