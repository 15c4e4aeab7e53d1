/** The listener for unhandled rejections of each copy of this package. */
type Copies = Set<unknown> & { warned?: boolean }

/**
 * What all copies of this package in the process, or in this thread, share. A cancel or a deadline does not
 * pass from one copy to another, as each has scopes of its own (docs/decisions/0212).
 */
export const copies: Copies = ((process as unknown as { [key: symbol]: Copies | undefined })[
  Symbol.for('yuzuru.copies')
] ??= new Set())
