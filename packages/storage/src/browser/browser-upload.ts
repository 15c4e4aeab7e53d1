/** The part of a `PresignedUpload` that a browser needs, as it comes out of JSON. */
export interface BrowserUpload {
  readonly bytes: number
  readonly partSizeBytes: number
  readonly parts: readonly {
    readonly number: number
    readonly url: string
    /** The ETag of a part that has arrived, as `presignParts` returns it. */
    readonly etag?: string | undefined
  }[]
  readonly headers: Readonly<Record<string, string>>
}

/** The URLs of the parts. All parts that find their URL expired share one renewal. */
export class UrlSource {
  readonly #renew: (() => Promise<BrowserUpload>) | undefined
  #current: BrowserUpload
  #renewing: Promise<BrowserUpload> | undefined = undefined

  constructor(upload: BrowserUpload, renew: (() => Promise<BrowserUpload>) | undefined) {
    this.#current = upload
    this.#renew = renew
  }

  get current(): BrowserUpload {
    return this.#current
  }

  /** @param expired the upload whose URL has expired. @returns whether there is a new one now */
  async renew(expired: BrowserUpload): Promise<boolean> {
    if (this.#renew === undefined) return false
    if (this.#current === expired) {
      this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined))
      this.#current = await this.#renewing
    }
    return true
  }
}
