import { spawnSync } from 'node:child_process'
import { root } from './packages.ts'

/**
 * How many known vulnerabilities of what users get are high or critical.
 *
 * @param registry whom to ask. @default the one that pnpm is set to
 * @returns `undefined` where the registry does not answer
 */
export function highVulnerabilities(registry?: string): number | undefined {
  const args = ['-y', 'pnpm@12.21.0', 'audit', '--prod', '--audit-level', 'high', '--json']
  const asked = registry === undefined ? args : [...args, `--registry=${registry}`]
  const { stdout } = spawnSync('npx', asked, { cwd: root, encoding: 'utf8', timeout: 60_000 })
  return numberOf(stdout)
}

function numberOf(report: string): number | undefined {
  try {
    const { metadata } = JSON.parse(report) as {
      readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> }
    }
    const counts = metadata?.vulnerabilities
    return counts && (counts['high'] ?? 0) + (counts['critical'] ?? 0)
  } catch {
    return undefined
  }
}
