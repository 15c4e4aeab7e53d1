import { describe, expect, test } from 'vitest'
import { RowShape, RowShapes } from './row-shape.ts'
import { valueParsers } from './value-parsers.ts'

const types = valueParsers({})
const id = { name: 'id', dataTypeID: 23 }
const name = { name: 'name', dataTypeID: 25 }

describe('RowShape', () => {
  test('reads values by the types of their columns', () => {
    expect(new RowShape([id, name], types).read(['7', 'x'])).toEqual({ id: 7, name: 'x' })
    expect(new RowShape([id, name], types).read([null, ''])).toEqual({ id: null, name: '' })
  })

  test('of two columns with one name the last one counts, also when it is NULL', () => {
    expect(new RowShape([id, { ...id, dataTypeID: 25 }], types).read(['7', 'x'])).toEqual({
      id: 'x',
    })
    expect(new RowShape([id, id], types).read(['7', null])).toEqual({ id: null })
  })
})

describe('RowShapes', () => {
  test('makes one for a text, and another when its columns change', () => {
    const shapes = new RowShapes(types)
    const first = shapes.of('select', [id])

    expect(shapes.of('select', [{ ...id }])).toBe(first)
    expect(shapes.of('select', [name]).read(['x'])).toEqual({ name: 'x' })
    expect(shapes.of('select', [{ ...id, dataTypeID: 25 }]).read(['7'])).toEqual({ id: '7' })
    expect(shapes.of('select', [id, name]).read(['7', 'x'])).toEqual({ id: 7, name: 'x' })
  })

  test('remembers only so many', () => {
    const shapes = new RowShapes(types)
    const first = shapes.of('select 0', [id])
    for (let turn = 1; turn <= 1_000; turn += 1) shapes.of(`select ${turn}`, [id])

    expect(shapes.of('select 0', [id])).not.toBe(first)
  })
})
