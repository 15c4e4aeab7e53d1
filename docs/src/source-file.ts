import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync, type Program, type Statement } from 'oxc-parser'

/** Where a name comes from. */
interface Origin {
  readonly name: string
  readonly path: string
}

/** A TypeScript file, and what its names stand for. Bodies and private members are cut out. */
export class SourceFile {
  /** What the file declares, each as a program of its own. */
  readonly declarations: ReadonlyMap<string, Program>
  readonly #origins = new Map<string, Origin>()
  readonly #exported: readonly string[]

  constructor(path: string) {
    const source = readFileSync(path, 'utf8')
    const { program, module } = parseSync(path, source)
    const place = (specifier: string): string | undefined =>
      specifier.startsWith('.') ? join(dirname(path), specifier) : undefined
    for (const { moduleRequest, entries } of module.staticImports) {
      const from = place(moduleRequest.value)
      if (from === undefined) continue
      for (const { importName, localName } of entries) {
        this.#origins.set(localName.value, { name: importName.name ?? '', path: from })
      }
    }
    const exported = module.staticExports.flatMap(({ entries }) => entries)
    for (const { exportName, importName, moduleRequest } of exported) {
      const from = place(moduleRequest?.value ?? '')
      if (from === undefined || exportName.name === null) continue
      this.#origins.set(exportName.name, { name: importName.name ?? '', path: from })
    }
    this.#exported = exported.flatMap(({ exportName }) => exportName.name ?? [])
    this.declarations = new Map(program.body.flatMap((statement) => declarationIn(statement)))
  }

  /** The names that the file exports. */
  exported(): readonly string[] {
    return this.#exported
  }

  /** The file of the same package that a name comes from, unless it is this one. */
  originOf(name: string): Origin | undefined {
    return this.#origins.get(name)
  }
}

function declarationIn(statement: Statement): [string, Program][] {
  const isExport = statement.type === 'ExportNamedDeclaration'
  const declaration = isExport ? statement.declaration : statement
  switch (declaration?.type) {
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration': {
      return [[declaration.id.name, programOf([declaration])]]
    }
    case 'ClassDeclaration': {
      const parts = declaration.body.body.filter(
        (member) =>
          !('key' in member && member.key.type === 'PrivateIdentifier') &&
          !('accessibility' in member && member.accessibility === 'private'),
      )
      for (const part of parts) {
        if (part.type === 'MethodDefinition') part.value.body = null
        else if ('value' in part) part.value = null
      }
      const { id, implements: interfaces = [] } = declaration
      return [[id?.name ?? '', programOf([...parts, ...interfaces])]]
    }
    case 'FunctionDeclaration':
    case 'TSDeclareFunction': {
      declaration.body = null
      return [[declaration.id?.name ?? '', programOf([declaration])]]
    }
    case 'VariableDeclaration': {
      return declaration.declarations.flatMap(({ id }): [string, Program][] =>
        id.type === 'Identifier' ? [[id.name, programOf([id])]] : [],
      )
    }
    default: {
      return []
    }
  }
}

/** What a visitor of oxc goes through. */
function programOf(body: readonly object[]): Program {
  return { type: 'Program', body, sourceType: 'module', hashbang: null, start: 0, end: 0 } as never
}
