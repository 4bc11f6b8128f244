/**
 * The plugins of this extension. Nothing of it shows, asks or waits where the server extension is not there.
 */
import { IConnectionLost, ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import { IDebugger, IDebuggerHandler } from '@jupyterlab/debugger';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';

import { Banner } from './banner';
import { Cells } from './cells';
import { connectionLost } from './connectionLost';
import { switchOff } from './debugging';
import { Feed } from './feed';
import { Notifier } from './notify';
import { Offers } from './offers';
import { Panel } from './panel';
import { Places } from './placement';
import { Reconnection } from './reconnect';
import { ReportView } from './report';
import { Rooms } from './rooms';
import { forgetRefusedToken } from './refused';
import { HeldContents } from './saves';
import { Session } from './session';
import { shield } from './shield';
import { StatusItem } from './status';
import { Stopped } from './stopped';
import { Transfer } from './transfer';
import { View } from './view';
import { ServerWiring } from './wiring';

const ISession = new Token<Session>('session-migrator:ISession', 'What the page knows about its session.');

const sessionPlugin: JupyterFrontEndPlugin<Session> = {
  id: 'session-migrator:session',
  description: 'Listens to the server extension; holds saves and reconnects when the session moves.',
  autoStart: true,
  provides: ISession,
  activate: app => {
    const settings = app.serviceManager.serverSettings;
    const own = { ...settings };
    const session = new Session(new Feed(new ServerWiring(own)));
    shield(session, settings);
    forgetRefusedToken(session, [settings, own]);
    new HeldContents(session, app.serviceManager.contents).install();
    new Reconnection(app, session);
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

/** A button's call that failed: say so, with the server's words. */
const said = (reason: unknown) => void showErrorMessage('Jupyter', reason instanceof Error ? reason : String(reason));

const viewPlugin: JupyterFrontEndPlugin<void> = {
  id: 'session-migrator:view',
  description: 'Banner, status item and panel: says what happens to the session, and little while all is well.',
  autoStart: true,
  requires: [ISession],
  optional: [ILabShell, IStatusBar, INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    session: Session,
    lab: ILabShell | null,
    statusBar: IStatusBar | null,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('session_migrator');
    const places = new Places(app, lab, statusBar);
    const banner = new Banner(trans);
    const server = new ServerWiring(app.serviceManager.serverSettings);
    const notifier = new Notifier(trans);
    const rooms = new Rooms(app, session);
    const view = new View(session, banner, trans, notifier, {
      showReport: () => places.open(panel),
      here: () => void server.here().catch(said),
      reload: () => void rooms.leave().catch(said),
      resume: () => void session.resume(url => server.resume(url)).catch(said),
      logIn: () => void window.open(session.facts.resume || server.loginUrl, '_blank', 'noopener')
    });
    const report = new ReportView(
      trans,
      new Cells(app, notebooks),
      (kernel, moved) => void panel.salvage(kernel, moved),
      () => view.dismissReport()
    );
    const front = () => (lab?.currentWidget as { context?: { path: string } } | null)?.context?.path ?? '';
    const offers = new Offers(session, server, front, trans);
    const panel = new Panel(session, server, report, new Transfer(app, server, trans), offers, notifier, trans);
    panel.onClose = () => places.close(panel);
    const stopped = new Stopped(app, trans);
    session.returned.connect((_, { moved }) => {
      if (moved) {
        stopped.look();
      }
    });
    places.strip(banner);
    places.item(new StatusItem(session, () => view.phase, trans, () => places.open(panel)));
  }
};

const debuggingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'session-migrator:debugging',
  description: 'Switches the debugger off, with a word, when its kernel has moved.',
  autoStart: true,
  requires: [ISession],
  optional: [IDebugger, IDebuggerHandler, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    session: Session,
    debug: IDebugger | null,
    handler: IDebugger.IHandler | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('session_migrator');
    session.returned.connect((_, { moved }) => {
      if (moved && handler && debug?.isStarted) {
        switchOff(debug, handler, trans).catch((reason: unknown) => console.debug('session-migrator:', reason));
      }
    });
  }
};

export default [sessionPlugin, lostPlugin, viewPlugin, debuggingPlugin];
