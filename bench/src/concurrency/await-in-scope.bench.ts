import { cancelScope } from '@yuzuru/concurrency'
import type { Benchmark } from '../benchmark.ts'

const TIMES = 20_000

async function answer(): Promise<number> {
  return 1
}

async function loop(): Promise<number> {
  let total = 0
  for (let time = 0; time < TIMES; time += 1) total += await answer()
  return total
}

function nested(depth: number): Promise<number> {
  return depth === 0 ? loop() : cancelScope(() => nested(depth - 1))
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'what an await costs in a scope',
  operation: 'await',
  bars: [
    { of: 'in a scope', against: 'outside', atMost: 1.3 },
    { of: 'in 10 nested scopes', against: 'outside', atMost: 1.3 },
  ],
  cases() {
    const common = { operations: TIMES, expected: TIMES }
    return [
      { ...common, name: 'in a scope', run: () => nested(1) },
      { ...common, name: 'in 10 nested scopes', run: () => nested(10) },
      { ...common, name: 'outside', run: () => nested(0) },
    ]
  },
}
