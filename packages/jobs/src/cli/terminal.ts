/** Where a command is given and answered. */
export interface Terminal {
  readonly stdout: {
    readonly isTTY?: boolean
    readonly columns?: number
    write(text: string): unknown
  }
  /** Whether somebody reads what is written to `stdout`. @default always */
  readonly hasReader?: () => boolean
  readonly stderr: { write(text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The command itself is wrong: nothing was done, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What was asked for can't be done, for a reason that the message says in full: the exit code is 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/**
 * Whether to use colours.
 *
 * @see https://no-color.org
 */
export function hasColors({ stdout, env }: Terminal): boolean {
  return stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}

/** How wide lines may be: that of the terminal, 80 where there is none or it does not say. */
export const widthOf = ({ stdout }: Terminal): number => Math.max(40, stdout.columns ?? 80)

/** What others wrote, without the characters that would control a terminal. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD')
