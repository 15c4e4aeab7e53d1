import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workflowFaults } from './workflow-faults.ts'

const read = (path: string): string =>
  readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')
const workflow = read('.github/workflows/release.yml')

test('the workflow of releases is without a fault', () => {
  expect(workflowFaults(workflow)).toEqual([])
  expect(read('.ci/run')).toContain(': pnpm release --dry-run')
})

test.each([
  ['it may not prove its identity (id-token)', /^.*id-token.*\n/m, ''],
  ['it may not prove its identity (id-token)', /id-token: write/, '# id-token: write'],
  ['its other jobs have permissions by default', /^permissions: \{\}\n/m, ''],
  ['it does not run `.ci/run` before it publishes', /^.*run: \.ci\/run.*\n/m, ''],
  ['it does not publish by `changeset publish`', /changeset publish/, 'pnpm publish'],
  ['it has a token of npm', /GITHUB_TOKEN/, 'NODE_AUTH_TOKEN'],
])('a fault of the workflow is named: %s', (fault, line, instead) => {
  expect(workflowFaults(workflow.replace(line, instead))).toContain(fault)
})
