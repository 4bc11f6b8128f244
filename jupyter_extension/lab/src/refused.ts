/**
 * A page whose user logs in again goes on as it stands, without being loaded anew.
 *
 * A page at a hub carries a token, and its browser a cookie; both end with a logout, and a new login in another tab
 * renews the cookie only. The old token would be looked at first, so it is forgotten as soon as it was refused.
 */
import { PageConfig } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { Session } from './session';

/** Watch for a refusal; `all` are the settings by which this page speaks to its server. */
export function forgetRefusedToken(session: Session, all: ServerConnection.ISettings[]): void {
  session.changed.connect(() => {
    if (session.out) {
      all.forEach(settings => ((settings as { token: string }).token = ''));
      PageConfig.setOption('token', '');
    }
  });
}
