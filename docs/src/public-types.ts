import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Program, type TSType, Visitor } from 'oxc-parser'
import { SourceFile } from './source-file.ts'

/** A member of a public type, such as an option or a field of an error. */
interface PublicMember {
  /** `db: DatabaseOptions.queue` */
  readonly place: string
  readonly name: string
  readonly isOptional: boolean
  /** Whether its type says `undefined`, as far as its own text goes. */
  readonly takesUndefined: boolean
}

/** What the public types of a package are made of. */
export interface PublicTypes {
  readonly names: readonly string[]
  readonly members: readonly PublicMember[]
  /** The texts of the unions whose names end with `Code`. */
  readonly codes: readonly string[]
}

/**
 * The public types of a package: what its entries export, and what these name in turn. Bodies of functions
 * and private members are not looked into.
 */
export function publicTypes(folder: string): PublicTypes {
  const walk = new Walk(basename(folder))
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string>>
  }
  for (const entry of Object.values(manifest.exports)) {
    if (entry.endsWith('.ts')) walk.exportsOf(join(folder, entry))
  }
  return walk
}

class Walk implements PublicTypes {
  readonly names: string[] = []
  readonly members: PublicMember[] = []
  readonly codes: string[] = []
  readonly #package: string
  readonly #seen = new Set<string>()
  readonly #files = new Map<string, SourceFile>()

  constructor(name: string) {
    this.#package = name
  }

  /** Looks at all that a file exports. */
  exportsOf(path: string): void {
    for (const name of this.#file(path).exported()) this.#look(name, path)
  }

  /** Looks at what `name` stands for in a file, once. */
  #look(name: string, path: string): void {
    const key = `${path}#${name}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    const file = this.#file(path)
    const source = file.originOf(name)
    if (source !== undefined) return this.#look(source.name, source.path)
    const declaration = file.declarations.get(name)
    if (declaration === undefined) return
    this.names.push(name)
    this.#lookInto(declaration, `${this.#package}: ${name}`, path)
    if (name.endsWith('Code')) this.codes.push(...textsIn(declaration))
  }

  #lookInto(declaration: Program, place: string, path: string): void {
    const note = (name: string, isOptional: boolean, type: TSType | undefined): void => {
      const takesUndefined = saysUndefined(type)
      this.members.push({ place: `${place}.${name}`, name, isOptional, takesUndefined })
    }
    const visitor = new Visitor({
      PropertyDefinition: ({ key, optional, typeAnnotation }) => {
        if (key.type === 'Identifier')
          note(key.name, optional ?? false, typeAnnotation?.typeAnnotation)
      },
      MethodDefinition: ({ key }) => {
        if (key.type === 'Identifier') note(key.name, false, undefined)
      },
      TSPropertySignature: ({ key, optional, typeAnnotation }) => {
        if (key.type === 'Identifier') note(key.name, optional, typeAnnotation?.typeAnnotation)
      },
      TSMethodSignature: ({ key }) => {
        if (key.type === 'Identifier') note(key.name, false, undefined)
      },
      TSTypeReference: ({ typeName }) => {
        if (typeName.type === 'Identifier') this.#look(typeName.name, path)
      },
      TSInterfaceHeritage: ({ expression }) => {
        if (expression.type === 'Identifier') this.#look(expression.name, path)
      },
    })
    visitor.visit(declaration)
  }

  #file(path: string): SourceFile {
    const known = this.#files.get(path) ?? new SourceFile(path)
    this.#files.set(path, known)
    return known
  }
}

function saysUndefined(type: TSType | undefined): boolean {
  if (type?.type === 'TSUndefinedKeyword' || type?.type === 'TSNeverKeyword') return true
  return type?.type === 'TSUnionType' && type.types.some((part) => saysUndefined(part))
}

function textsIn(declaration: Program): string[] {
  const texts: string[] = []
  const visitor = new Visitor({
    TSLiteralType({ literal }) {
      if (literal.type === 'Literal' && typeof literal.value === 'string') texts.push(literal.value)
    },
  })
  visitor.visit(declaration)
  return texts
}
