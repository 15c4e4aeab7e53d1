/** The store did not take a part. */
export class UploadFileError extends Error {
  override readonly name: string = 'UploadFileError'
  /** The status of the store's answer; 0 if there was none, or if the bucket's CORS rules hide it. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
