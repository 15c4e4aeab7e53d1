import { parseExpressionAt, type Node } from 'acorn'
import { analyze } from 'eslint-scope'

/** What was found in the text of a function. */
export interface FunctionReading {
  /** The names that it uses and does not declare. */
  readonly free: readonly string[]
  /** What keeps it from running anywhere else, as the end of "Expected …, got …". */
  readonly problem?: string | undefined
}

interface AnyNode extends Node {
  readonly [field: string]: unknown
}

/** `@yuzuru/concurrency/job` is found from a worker; other packages might be, or in another version. */
const OWN = '@yuzuru/concurrency'

const NO_FUNCTION = 'a method, a native function or a bound one'

/** Reads the text of a function. */
export function readFunction(text: string): FunctionReading {
  const fn = parse(text)
  if (fn === undefined) return { free: [], problem: NO_FUNCTION }
  const problem = kindProblem(fn) ?? find(fn, { ownThis: fn.type === 'FunctionExpression' })
  if (problem !== undefined) return { free: [], problem }
  const program = { type: 'Program', sourceType: 'module', body: [statement(fn)], range: fn.range }
  const scopes = analyze(program as never, { ecmaVersion: 2024, sourceType: 'module' })
  const names = (scopes.globalScope?.through ?? []).map(({ identifier }) => identifier.name)
  return { free: Array.from(new Set(names)) }
}

function parse(text: string): AnyNode | undefined {
  // In brackets, so that `function` begins an expression.
  const options = { ecmaVersion: 'latest', sourceType: 'module', ranges: true } as const
  try {
    return parseExpressionAt(`(${text}\n)`, 0, options) as AnyNode
  } catch {
    return undefined
  }
}

function statement(expression: AnyNode): object {
  return { type: 'ExpressionStatement', expression, range: expression.range }
}

function kindProblem(fn: AnyNode): string | undefined {
  if (fn.type === 'ClassExpression') return 'a class'
  const isFunction = fn.type === 'FunctionExpression' || fn.type === 'ArrowFunctionExpression'
  if (!isFunction) return NO_FUNCTION
  return fn['generator'] === true ? 'a generator' : undefined
}

/** Looks for what means something else in a worker, though it is no variable. */
function find(node: AnyNode, { ownThis }: { readonly ownThis: boolean }): string | undefined {
  const problem = problemOf(node, ownThis)
  if (problem !== undefined) return problem
  for (const child of childrenOf(node)) {
    const found = find(child, { ownThis: ownThis || hasOwnThis(child) })
    if (found !== undefined) return found
  }
  return undefined
}

function problemOf(node: AnyNode, ownThis: boolean): string | undefined {
  if (node.type === 'ThisExpression' && !ownThis) return 'an arrow function that uses this'
  if (node.type === 'MetaProperty' && (node['meta'] as AnyNode)['name'] === 'import') {
    return 'one that uses import.meta, which is another module’s in a worker'
  }
  if (node.type !== 'ImportExpression') return undefined
  const { value } = node['source'] as AnyNode
  if (typeof value !== 'string' || isFoundAnywhere(value)) return undefined
  return `one that imports "${value}": only node: modules and ${OWN} are found from there`
}

function isFoundAnywhere(specifier: string): boolean {
  return /^(?:node|file):/.test(specifier) || specifier === OWN || specifier.startsWith(`${OWN}/`)
}

function hasOwnThis({ type }: AnyNode): boolean {
  return type === 'FunctionExpression' || type === 'FunctionDeclaration' || type === 'ClassBody'
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter(isNode)
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
