import { type Rule, shieldedCleanup } from './shielded-cleanup.ts'

/**
 * Rules for oxlint and ESLint that know how a cancel works here.
 *
 * - `yuzuru/shielded-cleanup`: an `await` in a `finally`, or in a `catch` that throws again, belongs
 *   behind a shield.
 *
 * @example
 * // .oxlintrc.json
 * { "jsPlugins": ["@yuzuru/concurrency/lint"], "rules": { "yuzuru/shielded-cleanup": "error" } }
 */
export const plugin: {
  readonly meta: { readonly name: string }
  readonly rules: Readonly<Record<string, Rule>>
} = {
  meta: { name: 'yuzuru' },
  rules: { 'shielded-cleanup': shieldedCleanup },
}
