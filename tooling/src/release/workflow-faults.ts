/** The step that stops a release that would be bad. */
const DRY_RUN = 'pnpm@12.21.0 release --dry-run'
const PUBLISH = 'changeset publish'

/** What is wrong with the workflow that publishes: it checks first, and proves where packages come from. */
export function workflowFaults(text: string): string[] {
  const lines = text.split('\n').map((line) => (line.split('#')[0] ?? '').trim())
  const at = (words: string): number => lines.findIndex((line) => line.includes(words))
  const faults: string[] = []
  if (!lines.includes('id-token: write')) faults.push('it may not prove its identity (id-token)')
  if (!lines.includes('permissions: {}')) faults.push('its other jobs have permissions by default')
  if (at(PUBLISH) < 0) faults.push(`it does not publish by \`${PUBLISH}\``)
  if (at(DRY_RUN) < 0 || at(DRY_RUN) > at(PUBLISH)) {
    faults.push(`it does not run \`${DRY_RUN}\` before it publishes`)
  }
  if (/\b(?:NPM_TOKEN|NODE_AUTH_TOKEN)\b/.test(text)) faults.push('it has a token of npm')
  return faults
}
