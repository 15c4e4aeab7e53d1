/**
 * What a text of one line does not hold: control characters (a line break would go on in a mail's header,
 * which refuses it), line and paragraph separators, and marks that turn the direction of what follows.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** The same for PostgreSQL's regular expressions, of which a text never holds NUL or lone surrogates. */
export const FORBIDDEN_IN_SQL = String.raw`[\u0001-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]`

/** Whether a name, a title or a subject may be this. */
export function isOneLine(text: string): boolean {
  return !FORBIDDEN.test(text)
}
