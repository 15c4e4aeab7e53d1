import type { Benchmark } from '../benchmark.ts'
import { transactionCases } from './transactions.ts'

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'BEGIN, UPDATE, COMMIT on 10 connections, the server not waiting for its disk',
  operation: 'transaction',
  clock: 'wall',
  bars: [{ of: 'yuzuru', against: 'by hand on pg', atLeast: 0.95 }],
  cases: (resources) => transactionCases(resources, {}),
}
