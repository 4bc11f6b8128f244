/**
 * The session as a file: given to the user, and taken from another place.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { ServerWiring } from './wiring';

/** Proxies often let no more than this through in one request. */
const PIECE = 768 * 1024;

/** A document that is open, as far as this module needs it. */
interface Open {
  context?: { path: string; model?: { dirty: boolean }; revert(): Promise<void> };
}

export class Transfer {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly server: ServerWiring,
    private readonly trans: TranslationBundle
  ) {}

  /** Save, which says what stands in the way; then the browser fetches the file, and shows how far it is. */
  async download(): Promise<void> {
    await this.server.save();
    const link = document.createElement('a');
    link.href = this.server.downloadUrl;
    link.download = '';
    document.body.append(link);
    link.click();
    link.remove();
  }

  /** Ask for a file; null if the user chooses none. */
  choose(): Promise<File | null> {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = '.zip';
    return new Promise(resolve => {
      input.addEventListener('change', () => resolve(input.files?.[0] ?? null));
      input.addEventListener('cancel', () => resolve(null));
      input.click();
    });
  }

  /** Whether the user trusts the file: what is in it runs. */
  async trusts(file: File): Promise<boolean> {
    const { trans } = this;
    const answer = await showDialog({
      title: trans.__('Bring in %1?', file.name),
      body: trans.__(
        'Its variables replace those of the same notebooks here; files that differ are kept under another name. %1',
        trans.__('What is in the file can run code: bring in only what you trust.')
      ),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Bring in') })]
    });
    return answer.button.accept;
  }

  /** Send the file, in pieces; `progress` hears fractions. Done when all is in. Rejects with the server's words. */
  async upload(file: File, progress: (done: number) => void): Promise<void> {
    const { upload, piece } = await this.server.beginUpload(file.size);
    try {
      const step = Math.min(piece, PIECE);
      for (let offset = 0; offset < file.size; offset += step) {
        await this.server.sendPiece(upload, offset, file.slice(offset, offset + step));
        progress(Math.min(1, (offset + step) / file.size));
      }
      await this.server.endUpload(upload);
    } catch (reason) {
      this.server.dropUpload(upload).catch((again: unknown) => console.debug('session-migrator: upload stays', again));
      throw reason;
    }
    await this.refresh();
  }

  /** Documents that are open and were not changed here show what came. */
  private async refresh(): Promise<void> {
    const open = [...this.app.shell.widgets('main')] as Open[];
    const clean = open.filter(each => each.context?.model?.dirty === false);
    await Promise.allSettled(clean.map(each => each.context!.revert()));
    await this.app.serviceManager.sessions.refreshRunning();
  }
}
