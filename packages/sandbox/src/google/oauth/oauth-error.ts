export type OAuthErrorCode =
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_token'
  | 'redirect_uri_mismatch'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'

/** What the token and revocation endpoints throw; RFC 6749 section 5.2. */
export class OAuthFailure extends Error {
  override readonly name = 'OAuthFailure'
  readonly code: OAuthErrorCode

  constructor(code: OAuthErrorCode, description: string) {
    super(description)
    this.code = code
  }

  toResponse(): Response {
    return Response.json(
      { error: this.code, error_description: this.message },
      { status: this.code === 'invalid_client' ? 401 : 400, headers: noStore },
    )
  }
}

/** Replies that carry tokens are never cached: RFC 6749 section 5.1. */
export const noStore: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
}
