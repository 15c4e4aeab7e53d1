import type { CompiledQuery, OperationNode } from 'kysely'
import { words } from './known-functions.ts'
import { KnownTexts } from './known-texts.ts'

/** What a `SELECT` may consist of without a chance to change or hold anything. */
const PLAIN_NODES = words(`
  AliasNode AndNode BinaryOperationNode CaseNode CastNode CollateNode ColumnNode
  CommonTableExpressionNameNode CommonTableExpressionNode DataTypeNode FetchNode FromNode
  GroupByItemNode GroupByNode HavingNode IdentifierNode JSONOperatorChainNode JSONPathLegNode
  JSONPathNode JSONReferenceNode JoinNode LimitNode ListNode OffsetNode OnNode OperatorNode OrNode
  OrderByItemNode OrderByNode OverNode ParensNode PartitionByItemNode PartitionByNode ReferenceNode
  SchemableIdentifierNode SelectAllNode SelectQueryNode SelectionNode SetOperationNode TableNode
  TupleNode UnaryOperationNode UsingNode ValueListNode WhenNode WhereNode WithNode`)

/** PostgreSQL's own functions that only compute. */
const PLAIN_FUNCTIONS = words(`
  abs array_agg array_length avg bool_and bool_or ceil coalesce concat count date_part date_trunc
  dense_rank every extract first_value floor greatest json_agg json_build_object jsonb_agg
  jsonb_build_object lag last_value lead least length lower max min now nullif rank replace round
  row_number string_agg substring sum to_char to_json to_jsonb trim upper`)

/** The words that Kysely itself writes as text: a direction of `orderBy`. */
const PLAIN_TEXT = /^(asc|desc)?( ?nulls (first|last))?$/i

const plain = new KnownTexts<CompiledQuery>(({ query }) => isPlain(query))

/**
 * Whether a statement surely does nothing but read: a `SELECT` of Kysely's builder with no `sql` text in
 * it, no lock (`forUpdate`), and no function beyond a list of PostgreSQL's that only compute.
 */
export function isPlainRead(query: CompiledQuery): boolean {
  return query.query.kind === 'SelectQueryNode' && plain.is(query)
}

function isPlain(node: OperationNode): boolean {
  // A value becomes a parameter, whatever it looks like.
  if (node.kind === 'ValueNode' || node.kind === 'PrimitiveValueListNode') return true
  return isPlainItself(node) && Object.values(node).every(isPlainPart)
}

function isPlainItself(node: OperationNode): boolean {
  if (PLAIN_NODES.has(node.kind)) return true
  if ('func' in node) return PLAIN_FUNCTIONS.has(String(node.func).toLowerCase())
  if ('sqlFragments' in node) return PLAIN_TEXT.test(String(node.sqlFragments))
  return 'modifier' in node && node.modifier === 'Distinct'
}

/** What is in a node is a node, a list of them, or a word. */
function isPlainPart(part: unknown): boolean {
  if (Array.isArray(part)) return part.every(isPlainPart)
  return !isNode(part) || isPlain(part)
}

function isNode(part: unknown): part is OperationNode {
  return typeof part === 'object' && part !== null && 'kind' in part
}
