/**
 * The plugins of this extension. Nothing of it shows, asks or waits where the server extension is not there.
 */
import {
  IConnectionLost,
  ILabShell,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';

import { Banner } from './banner';
import { connectionLost } from './connectionLost';
import { Feed } from './feed';
import { placeStrip } from './placement';
import { reconnectAll } from './reconnect';
import { HeldContents } from './saves';
import { Session } from './session';
import { View } from './view';
import { ServerWiring } from './wiring';

const ISession = new Token<Session>('session-migrator:ISession', 'What the page knows about its session.');

const sessionPlugin: JupyterFrontEndPlugin<Session> = {
  id: 'session-migrator:session',
  description: 'Listens to the server extension; holds saves and reconnects when the session moves.',
  autoStart: true,
  provides: ISession,
  activate: app => {
    const session = new Session(new Feed(new ServerWiring(app.serviceManager.serverSettings)));
    new HeldContents(session, app.serviceManager.contents).install();
    session.returned.connect((_, { moved }) => void reconnectAll(app, moved));
    void app.started.then(() => session.feed.start());
    return session;
  }
};

const lostPlugin: JupyterFrontEndPlugin<IConnectionLost> = {
  id: 'session-migrator:connection-lost',
  description: 'No error dialog for an outage that the banner explains.',
  autoStart: true,
  requires: [ISession],
  provides: IConnectionLost,
  activate: (_: JupyterFrontEnd, session: Session) => connectionLost(session)
};

const bannerPlugin: JupyterFrontEndPlugin<void> = {
  id: 'session-migrator:banner',
  description: 'Says what happens to the session, and nothing while all is well.',
  autoStart: true,
  requires: [ISession],
  optional: [ILabShell, ITranslator],
  activate: (app: JupyterFrontEnd, session: Session, lab: ILabShell | null, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load('session_migrator');
    const banner = new Banner(trans);
    placeStrip(app, lab, banner);
    new View(session, banner, trans, () => undefined);
  }
};

export default [sessionPlugin, lostPlugin, bannerPlugin];
