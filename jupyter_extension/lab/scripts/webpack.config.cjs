// The style travels in the page's script: without comments and indentation.
const { join } = require('node:path');

module.exports = {
  module: { rules: [{ test: /\.css$/, enforce: 'pre', loader: join(__dirname, 'squeeze.cjs') }] }
};
