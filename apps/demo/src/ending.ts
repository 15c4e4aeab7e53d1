/** What asks a program to end: Ctrl-C, whoever started it, and a terminal that is closed. */
export const SHUTDOWN_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Goes on when nobody reads what is printed: a terminal that is closed refuses it before the signal comes that ends the
 * program in order, and a program in a pipe may have had enough.
 */
export function printForNobody(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
}
