import { afterEach, expect, test, vi } from 'vitest'
import { parseCommandLine } from './command-line.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each([
  ['nothing', {}, [], 'ja'],
  ['LANG', { LANG: 'en_GB.UTF-8' }, [], 'en'],
  ['LANG', { LANG: 'ja_JP.UTF-8' }, [], 'ja'],
  ['a language that there is not', { LANG: 'fr_FR.UTF-8' }, [], 'ja'],
  ['no language at all', { LANG: 'C' }, [], 'ja'],
  ['LC_MESSAGES before LANG', { LC_MESSAGES: 'en_US.UTF-8', LANG: 'ja_JP.UTF-8' }, [], 'en'],
  ['LC_ALL before both', { LC_ALL: 'ja_JP', LC_MESSAGES: 'en_US', LANG: 'en_US' }, [], 'ja'],
  ['an empty one is none', { LC_ALL: '', LC_MESSAGES: '', LANG: 'en_US.UTF-8' }, [], 'en'],
  ['--lang before all', { LC_ALL: 'ja_JP.UTF-8' }, ['--lang', 'en'], 'en'],
])('the terminal speaks the language of %s', (_, environment, args, language) => {
  for (const name of ['LC_ALL', 'LC_MESSAGES', 'LANG']) vi.stubEnv(name, undefined)
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  expect(parseCommandLine(args)).toMatchObject({ language })
})
