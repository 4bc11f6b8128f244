/**
 * Jupyter's "Server Connection Error" dialog would stand in the way while the banner already says more.
 */
import { ConnectionLost, IConnectionLost } from '@jupyterlab/application';

import { Session } from './session';

/** Silence where this session is looked after; the built-in dialog where it is not. */
export function connectionLost(session: Session): IConnectionLost {
  return async (manager, error, translator) => {
    if (!session.watched || session.feed.link === 'off') {
      await ConnectionLost(manager, error, translator);
    }
  };
}
