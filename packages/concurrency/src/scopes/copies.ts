/** By the listener for unhandled rejections of each copy of this package, where the copy was loaded from. */
type Copies = Map<unknown, string> & { warned?: boolean }

const shared = process as unknown as { [key: symbol]: Copies | undefined }

/**
 * All copies of this package in the process, or in this thread: what they share. A cancel or a deadline does
 * not pass from one to another, as each has scopes of its own (docs/decisions/0212).
 */
export const copies: Copies = (shared[Symbol.for('yuzuru.copies')] ??= new Map())
