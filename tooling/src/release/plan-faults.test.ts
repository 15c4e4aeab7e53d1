import { expect, test } from 'vitest'
import { planFaults, type PlannedRelease } from './plan-faults.ts'

const published = new Set(['@yuzuru/db', 'create-yuzuru', '@yuzuru/mail'])
const written = ['@yuzuru/db', '@yuzuru/sandbox']

const release = (name: string, newVersion = '0.2.0', type = 'minor'): PlannedRelease =>
  ({ name, newVersion, type, oldVersion: '0.1.0' }) as PlannedRelease

test('versions that a new service does not have need no new create-yuzuru', () => {
  expect(planFaults([release('@yuzuru/mail')], published, written)).toEqual([])
})

test('a new version that a new service should have needs a changeset of create-yuzuru', () => {
  const plan = [release('@yuzuru/db'), release('create-yuzuru', '0.1.0', 'none')]
  expect(planFaults(plan, published, written)).toEqual([
    'create-yuzuru: it needs a changeset, as it would write older versions of @yuzuru/db',
  ])
  const both = [release('@yuzuru/db'), release('create-yuzuru', '0.1.1', 'patch')]
  expect(planFaults(both, published, written)).toEqual([])
})

test.each(['0.0.0', '0.2.0-next.1', 'latest'])('a next version %s is named', (version) => {
  expect(planFaults([release('@yuzuru/mail', version)], published, written)).toEqual([
    `@yuzuru/mail: its next version is ${version}`,
  ])
})

test('what is private has no version to judge', () => {
  expect(planFaults([release('@yuzuru/demo', '0.0.0')], published, written)).toEqual([])
})
