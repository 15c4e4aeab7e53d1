import { createHash } from 'node:crypto'

/** A page of A4 and, so that it has the size of a scan, an attachment of noise. */
export function samplePdf(bytes: number): Buffer {
  const noise = noiseOf(bytes)
  const objects: Buffer[] = [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from('<< /Type /Pages /Kids [3 0 R] /Count 1 >>'),
    Buffer.from('<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>'),
    Buffer.concat([
      Buffer.from(`<< /Length ${noise.length} >>\nstream\n`),
      noise,
      Buffer.from('\nendstream'),
    ]),
  ]
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  let offset = parts[0]?.length ?? 0
  for (const [index, object] of objects.entries()) {
    const part = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      object,
      Buffer.from('\nendobj\n'),
    ])
    offsets.push(offset)
    offset += part.length
    parts.push(part)
  }
  const rows = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${offset}\n%%EOF\n`,
    ),
  )
  return Buffer.concat(parts)
}

/** The same bytes each time, which no compression makes smaller. */
function noiseOf(bytes: number): Buffer {
  const blocks: Buffer[] = []
  for (let made = 0; made < bytes; made += 65_536) {
    blocks.push(createHash('shake256', { outputLength: 65_536 }).update(String(made)).digest())
  }
  return Buffer.concat(blocks).subarray(0, bytes)
}
