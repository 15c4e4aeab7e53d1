import type { CompiledQuery, RootOperationNode } from 'kysely'

const declared = new WeakSet<RootOperationNode>()

/** Marks a statement as one that was declared to read. The node itself may also run undeclared: a copy is marked. */
export function markRead<N extends RootOperationNode>(node: N): N {
  const copy = { ...node }
  declared.add(copy)
  return copy
}

/** Whether it was declared to read. */
export function isDeclaredRead({ query }: CompiledQuery): boolean {
  return declared.has(query)
}
