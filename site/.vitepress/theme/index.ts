import DefaultTheme from 'vitepress/theme'
import '@fontsource-variable/noto-sans-jp'
import './style.css'

export default DefaultTheme
