/** As much of a node of the syntax tree (ESTree) as the rule looks at. */
interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

/** As much of what ESLint and oxlint hand to a rule as this one uses. */
interface RuleContext {
  readonly options: readonly unknown[]
  report(problem: { readonly node: unknown; readonly message: string }): void
}

export interface Rule {
  readonly meta: { readonly type: 'problem'; readonly docs: { readonly description: string } } & {
    readonly schema: readonly unknown[]
  }
  create(context: RuleContext): Readonly<Record<string, (node: never) => void>>
}

const MESSAGE =
  'This await is refused when the scope is cancelled, so the clean-up does not happen: put it into ' +
  'shield() or scope.defer()'

const FUNCTIONS: ReadonlySet<string> = new Set([
  'ArrowFunctionExpression',
  'FunctionDeclaration',
  'FunctionExpression',
])

/**
 * Finds clean-up that a cancel refuses: an `await` in a `finally`, or in a `catch` that throws again,
 * that is not behind a shield.
 *
 * The option `allow` names further functions that may be awaited there, because they shield themselves.
 */
export const shieldedCleanup: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'Clean-up that awaits belongs in shield() or scope.defer()' },
    schema: [
      {
        type: 'object',
        properties: { allow: { type: 'array', items: { type: 'string' } } },
        additionalProperties: false,
      },
    ],
  },
  create(context) {
    const [options] = context.options as readonly [{ readonly allow?: readonly string[] }?]
    const allowed = new Set(['shield', 'detached', ...(options?.allow ?? [])])
    const check = (block: Node): void => {
      for (const node of awaitsIn(block)) {
        if (!isCallOf(node, allowed)) context.report({ node, message: MESSAGE })
      }
    }
    return {
      TryStatement({ finalizer, handler }: { finalizer: Node | null; handler: Node | null }) {
        if (finalizer !== null) check(finalizer)
        if (handler !== null && throwsAgain(handler['body'] as Node)) check(handler['body'] as Node)
      },
    }
  },
}

function throwsAgain(block: Node): boolean {
  return (block['body'] as readonly Node[]).at(-1)?.type === 'ThrowStatement'
}

/** What is awaited in `node` itself, and not in a function within. */
function* awaitsIn(node: Node): Generator<Node> {
  // An inner `try` is looked at by itself.
  if (FUNCTIONS.has(node.type)) return
  const isLoop = node.type === 'ForOfStatement' && node['await'] === true
  const isUsing = node.type === 'VariableDeclaration' && node['kind'] === 'await using'
  if (node.type === 'AwaitExpression' || isLoop || isUsing) yield node
  for (const [key, value] of Object.entries(node)) {
    if (key === 'parent') continue
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) yield* awaitsIn(child)
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** Whether an `await` is of a call of one of `names`, be it of a function or a method. */
function isCallOf({ argument }: Node, names: ReadonlySet<string>): boolean {
  if (!isNode(argument) || argument.type !== 'CallExpression') return false
  const callee = argument['callee'] as Node
  const name = callee.type === 'MemberExpression' ? (callee['property'] as Node) : callee
  return names.has(String(name['name']))
}
