import { describe, expect, test } from 'vitest'
import { expectWorkerFlags, processFlags, threadFlags } from './worker-flags.ts'

describe('flags of workers', () => {
  test.each([
    [[], []],
    [['-e', 'code'], []],
    [['--eval=code'], []],
    [['--eval', '\\-1'], []],
    [['-p', '-e', 'code', '--no-warnings'], ['--no-warnings']],
    [
      ['--import', 'a', '-r', 'b', '-pe', 'code', '-C', 'c'],
      ['--import', 'a', '-r', 'b', '-C', 'c'],
    ],
    [['--input-type=module', '-'], []],
    [['--input_type=module', '--max_old_space_size=9'], ['--max_old_space_size=9']],
    [['--test', '--test-name-pattern', 'x', '--experimental-test-coverage'], []],
    [
      ['--watch', '--watch-path', 'src', '--watch-preserve-output', '--stack-size=9'],
      ['--stack-size=9'],
    ],
    [['--inspect', '--inspect-brk=9229', '--inspect-port=0', '--inspect-wait'], []],
    [['--env-file=.env', '--env-file-if-exists', '.x', '--cpu-prof'], ['--cpu-prof']],
  ])('processes inherit of %j: %j', (execArgv, kept) => {
    expect(processFlags(execArgv)).toEqual(kept)
  })

  test('threads inherit by themselves, unless Node would pass on what stops them', () => {
    expect(threadFlags(['-e', 'code', '--import', 'a', '--title=x'])).toBeUndefined()
    expect(
      threadFlags(['--import', 'a', '--input-type=module', '-C', 'x', '--title=x', '-e', 'code']),
    ).toEqual(['--import', 'a', '-C', 'x'])
  })

  test.each(['-e', '-pe', '--eval=secret', '--test', '--watch', '--input-type=module', '-'])(
    '%s is refused where it is asked for, without its value',
    (flag) => {
      const [name] = flag.split('=')
      expect(() => expectWorkerFlags(['--no-warnings', flag])).toThrow(
        new TypeError(
          `Expected execArgv to have no option that makes a worker run something else, got ${name}`,
        ),
      )
    },
  )

  test('takes what is asked for otherwise, and nothing that is no list of options', () => {
    for (const flags of [undefined, [], ['--inspect=0', '--import', 'a']]) expectWorkerFlags(flags)
    for (const flags of ['--inspect', [1]] as never[]) {
      expect(() => expectWorkerFlags(flags)).toThrow('Expected execArgv to be an array of strings')
    }
  })
})
