/** A recipient as the dialogue names it, and as it was passed in; both forms of one may have been. */
export interface GivenRecipient {
  readonly address: string
  readonly given: string
}
