import { styleText } from 'node:util'

/** Colours the marks of lines and what is done, where the terminal shows colours (`NO_COLOR` turns them off). */
export function paint(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (/^ *✓/.test(line)) return line.replace('✓', styleText('green', '✓'))
      if (/^ *✗/.test(line)) return styleText('red', line)
      if (/^ *! /.test(line)) return line.replace('!', styleText('yellow', '!'))
      if (/^ *·/.test(line)) return styleText('dim', line)
      return /^\d+\/\d+ /.test(line) ? styleText('bold', line) : line
    })
    .join('\n')
}
