/**
 * The store reported success of a write but gave no ETag. A proxy may have answered in its place, so what
 * became of the request is unknown.
 */
export class Unconfirmed extends Error {
  constructor() {
    super(
      'the store answered with success and without an ETag; check "endpoint" and proxies before it',
    )
  }
}

/**
 * The ETag of an answer, without quotes.
 *
 * @throws {Unconfirmed} when there is none
 */
export function confirmedEtag(etag: string | undefined): string {
  const bare = (etag ?? '').replaceAll('"', '')
  if (bare === '') throw new Unconfirmed()
  return bare
}
