"""Clients of slixmpp that do what they are told by lines of JSON.

A line {"id": 1, "as": "romeo", "do": "ping", "args": {"to": "…"}} on standard input calls do_ping of the client romeo. The answer
is {"id": 1, "result": …}, or {"id": 1, "error": CONDITION, "text": …} when the server refused. What a client receives is told as
{"as": "romeo", "event": "message", …}. Several clients live in one process. The program ends with its input.
"""
import asyncio
import json
import logging
import sys
from pathlib import Path

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout, PresenceError
from slixmpp.plugins.xep_0004 import Form
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

PLUGINS = ('0004', '0012', '0030', '0045', '0049', '0050', '0054', '0059', '0060', '0077', '0092', '0115', '0118', '0133', '0163',
           '0191', '0198', '0199', '0202', '0203', '0249', '0280', '0297', '0313', '0352', '0359')

clients = {}


def tell(**line):
    sys.stdout.write(json.dumps(line) + '\n')
    sys.stdout.flush()


def children(xml):
    """The names of all descendants as {namespace}name."""
    return [e.tag for e in xml.iter()][1:]


class Client(slixmpp.ClientXMPP):
    def __init__(self, name, jid, password, ca, window=1):
        super().__init__(jid, password, plugin_config={'xep_0198': {'window': window}})
        self.name, self.ca_certs = name, Path(ca)
        self.auto_authorize, self.auto_subscribe = None, False
        for number in PLUGINS:
            self.register_plugin('xep_' + number)
        for kind in 'message', 'presence':
            self.register_handler(Callback('tell ' + kind, MatchXPath('{jabber:client}' + kind), self.tell_stanza))
        for event in ('session_start', 'session_resumed', 'failed_all_auth', 'sm_failed', 'disconnected', 'stream_error'):
            self.add_event_handler(event, lambda data, event=event: self.tell_event(event, data))
        self.add_event_handler('stanza_acked', lambda s: tell(**{'as': name, 'event': 'acked', 'id': s['id']}))
        self.add_event_handler('user_tune_publish', self.tell_tune)
        for way in 'received', 'sent':
            self.add_event_handler('carbon_' + way, lambda m, way=way: self.tell_carbon(way, m))
        self.add_event_handler('roster_update', lambda iq: self.tell_roster(iq))

    def tell_event(self, event, data):
        text = data['condition'] if event == 'stream_error' else ''
        tell(**{'as': self.name, 'event': event, 'text': text})

    def tell_roster(self, iq):
        if iq['type'] == 'set':
            tell(**{'as': self.name, 'event': 'push', 'items': roster_items(iq)})

    def tell_tune(self, m):
        tell(**{'as': self.name, 'event': 'tune', 'from': str(m['from']), 'type': m['type'],
                'text': m['pubsub_event']['items']['item']['tune']['title']})

    def tell_carbon(self, way, m):
        copy = m.xml.find('.//{urn:xmpp:forward:0}forwarded/{jabber:client}message')
        tell(**{'as': self.name, 'event': 'carbon', 'text': way, 'from': copy.get('from'), 'to': copy.get('to'),
                'body': copy.findtext('{jabber:client}body')})

    def tell_stanza(self, s):
        delay = s.xml.find('{urn:xmpp:delay}delay')
        line = {'as': self.name, 'event': s.name, 'from': str(s['from']), 'to': str(s['to']), 'id': s['id'],
                'type': s.xml.get('type', ''), 'children': children(s.xml),
                'delay': delay.get('stamp') if delay is not None else '',
                'codes': [e.get('code') for e in s.xml.iter('{http://jabber.org/protocol/muc#user}status')]}
        for child in 'body', 'subject', 'show', 'status', 'priority':
            line[child] = s.xml.findtext('{jabber:client}' + child) or ''
        tell(**line)

    # The documented hook: every name is on this machine, and no DNS is asked.
    async def get_dns_records(self, domain, port=None):
        return [(domain, '127.0.0.1', self.address[1])]

    def begin(self, port, direct):
        self.connect((self.boundjid.host, port), use_ssl=direct, force_starttls=not direct)

    async def first(self, *events):
        """Waits for the first of some events and returns its name."""
        waits = {asyncio.ensure_future(self.wait_until(e, 20)): e for e in events}
        done, rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for w in rest:
            w.cancel()
        return waits[done.pop()]

    # ------------------------------------------------------------ stream

    async def do_login(self, port, direct=False, priority=None, presence=True):
        self.begin(port, direct)
        got = await self.first('session_start', 'failed_all_auth', 'disconnected')
        if got != 'session_start':
            return {'failed': got}
        if presence:
            await self.get_roster()
            self.send_presence(ppriority=priority)
        return {'jid': self.boundjid.full, 'tls': self.socket.version(), 'mechanism': self['feature_mechanisms'].mech.name,
                'features': sorted(self.features)}

    async def do_cut(self):
        """Breaks the connection without a word."""
        gone = asyncio.ensure_future(self.wait_until('disconnected', 20))
        self.abort()
        await gone

    async def do_resume(self, port, direct=False):
        self.begin(port, direct)
        return await self.first('session_resumed', 'session_start')

    async def do_logout(self):
        await self.disconnect()

    async def do_settle(self):
        """Waits until the server has acknowledged all that was sent."""
        while self['xep_0198'].unacked_queue:
            acked = asyncio.ensure_future(self.wait_until('stanza_acked', 20))
            self['xep_0198'].request_ack()
            await acked

    # ------------------------------------------------------------ messages, presence, roster

    async def do_say(self, to, body, type='chat'):
        m = self.make_message(to, body, mtype=type)
        m['id'] = self.new_id()
        m.send()
        return m['id']

    async def do_show(self, show=None, status=None, priority=None, to=None):
        self.send_presence(pshow=show, pstatus=status, ppriority=priority, pto=to)

    async def do_subscription(self, to, type):
        self.send_presence_subscription(to, ptype=type)

    async def do_roster(self):
        iq = self.Iq()  # get_roster would send the version that it has and get nothing new
        iq['type'] = 'get'
        iq.enable('roster')
        return roster_items(await iq.send())

    async def do_roster_set(self, jid, name='', groups=(), remove=False):
        iq = self.Iq()
        iq['type'] = 'set'
        iq['roster']['items'] = {jid: {'name': name, 'groups': list(groups), 'subscription': 'remove' if remove else ''}}
        await iq.send()

    # ------------------------------------------------------------ small extensions

    async def do_ping(self, to=None):
        await self['xep_0199'].send_ping(to or self.boundjid.host)

    async def do_version(self, to):
        v = (await self['xep_0092'].get_version(to))['software_version']
        return {'name': v['name'], 'version': v['version']}

    async def do_time(self, to):
        t = (await self['xep_0202'].get_entity_time(to))['entity_time']
        return t.xml.findtext('{urn:xmpp:time}utc')  # slixmpp 1.8 adds a second Z, and cannot parse what it has made

    async def do_last(self, to):
        a = (await self['xep_0012'].get_last_activity(to))['last_activity']
        return {'seconds': a['seconds'], 'status': a['status']}

    async def do_info(self, to=None, node=None):
        info = (await self['xep_0030'].get_info(to, node, local=False, cached=False))['disco_info']
        return {'identities': [[i[0], i[1]] for i in info['identities']], 'features': sorted(info['features'])}

    async def do_items(self, to, node=None):
        items = (await self['xep_0030'].get_items(to, node, local=False))['disco_items']['items']
        return sorted([str(i[0]), i[1] or '', i[2] or ''] for i in items)

    async def do_keep(self, ns, text):
        iq = self.Iq()
        iq['type'] = 'set'
        iq.enable('private')
        ET.SubElement(iq['private'].xml, '{%s}note' % ns).text = text
        await iq.send()

    async def do_kept(self, ns):
        iq = self.Iq()
        iq['type'] = 'get'
        iq.enable('private')
        ET.SubElement(iq['private'].xml, '{%s}note' % ns)
        return (await iq.send()).xml.findtext('.//{%s}note' % ns)

    async def do_set_card(self, name, photo):
        card = self['xep_0054'].make_vcard()
        card['FN'] = name
        card['PHOTO']['TYPE'] = 'image/png'
        card['PHOTO']['BINVAL'] = photo.encode()
        await self['xep_0054'].publish_vcard(card)

    async def do_card(self, of=None):
        card = (await self['xep_0054'].get_vcard(of, cached=False, local=False))['vcard_temp']
        return {'name': card['FN'], 'photo': card['PHOTO']['BINVAL'].decode() if card['PHOTO']['BINVAL'] else ''}

    async def do_password(self, password):
        await self['xep_0077'].change_password(password, jid=self.boundjid.host)
        self.password = password

    async def do_commands(self):
        items = (await self['xep_0133'].get_commands())['disco_items']['items']
        return sorted(i[1] for i in items)

    async def do_command(self, node, fields):
        """Runs an administrative command of one form from its offer to its end."""
        first = await self['xep_0050'].send_command(self.boundjid.host, node)
        offered = first['command']['form']
        answer = self['xep_0004'].make_form('submit')
        for var in offered.get_fields():
            kept = offered.get_fields()[var]
            if kept['type'] != 'fixed':
                answer.add_field(var=var, value=fields.get(var, kept['value']))
        last = await self['xep_0050'].send_command(self.boundjid.host, node, action='complete', payload=answer,
                                                   sessionid=first['command']['sessionid'])
        form = last['command'].xml.find('{jabber:x:data}x')
        values = Form(xml=form).get_values() if form is not None else {}
        return {'status': last['command']['status'], 'asked': sorted(offered.get_fields()), 'values': values,
                'notes': [n[1] for n in last['command']['notes']]}

    # ------------------------------------------------------------ archive, carbons, client state, blocking

    async def do_archive(self, of=None, with_jid=None, page=None, reverse=False):
        """All pages of an archive, oldest first."""
        found = []
        async for m in self['xep_0313'].iterate(of, with_jid=with_jid, reverse=reverse, rsm={'max': page} if page else None):
            result = m.xml.find('{urn:xmpp:mam:2}result')
            kept = result.find('{urn:xmpp:forward:0}forwarded/{jabber:client}message')
            found.append({'id': result.get('id'), 'from': kept.get('from'), 'body': kept.findtext('{jabber:client}body') or '',
                          'delay': result.find('{urn:xmpp:forward:0}forwarded/{urn:xmpp:delay}delay').get('stamp')})
        return found

    async def do_carbons(self, on=True):
        await (self['xep_0280'].enable() if on else self['xep_0280'].disable())

    async def do_active(self, active=True):
        (self['xep_0352'].send_active if active else self['xep_0352'].send_inactive)()

    async def do_tune(self, title):
        """Says by PEP what is being played (XEP-0118)."""
        await self['xep_0118'].publish_tune(artist='Peter', title=title)

    async def do_block(self, jid):
        await self['xep_0191'].block(jid)

    async def do_unblock(self, jid):
        await self['xep_0191'].unblock(jid)

    async def do_blocked(self):
        return sorted(str(j) for j in (await self['xep_0191'].get_blocked())['blocklist']['items'])

    # ------------------------------------------------------------ rooms

    async def do_join(self, room, nick, password=None):
        """The own presence, who is there, the history and the subject, as slixmpp puts them together."""
        own, subject, occupants, history = await self['xep_0045'].join_muc_wait(room, nick, password=password, maxstanzas=20, timeout=20)
        return {'codes': sorted(own['muc']['status_codes']), 'affiliation': own['muc']['affiliation'], 'role': own['muc']['role'],
                'subject': subject['subject'], 'occupants': sorted(p['from'].resource for p in occupants),
                'history': [[m['from'].resource, m['body']] for m in history]}

    async def do_leave(self, room, nick):
        self.send_presence(pto=room + '/' + nick, ptype='unavailable')

    async def do_configure(self, room, fields):
        form = await self['xep_0045'].get_room_config(room)
        asked = form.get_fields()
        answer = self['xep_0004'].make_form('submit')
        answer.add_field(var='FORM_TYPE', ftype='hidden', value='http://jabber.org/protocol/muc#roomconfig')
        for var, value in fields.items():
            answer.add_field(var=var, value=value)
        await self['xep_0045'].set_room_config(room, answer)
        return sorted(asked)

    async def do_subject(self, room, subject):
        self['xep_0045'].set_subject(room, subject)

    async def do_kick(self, room, nick, reason):
        await self['xep_0045'].set_role(room, nick, 'none', reason=reason)

    async def do_affiliate(self, room, jid, affiliation):
        await self['xep_0045'].set_affiliation(room, affiliation, jid=jid)

    async def do_affiliated(self, room, affiliation):
        return sorted(str(j) for j in await self['xep_0045'].get_affiliation_list(room, affiliation))

    async def do_invite(self, room, jid, reason):
        self['xep_0045'].invite(room, jid, reason)

    async def do_destroy(self, room, reason):
        await self['xep_0045'].destroy(room, reason)


def roster_items(iq):
    return {str(jid): {'name': i['name'], 'subscription': i['subscription'], 'ask': i['ask'], 'groups': sorted(i['groups'])}
            for jid, i in iq['roster']['items'].items()}


async def obey(order):
    try:
        if order['do'] == 'open':
            clients[order['as']] = Client(order['as'], **order['args'])
            result = None
        else:
            result = await getattr(clients[order['as']], 'do_' + order['do'])(**order['args'])
        tell(id=order['id'], result=result)
    except IqError as e:
        tell(id=order['id'], error=e.iq['error']['condition'], text=e.iq['error']['text'])
    except PresenceError as e:
        tell(id=order['id'], error=e.presence['error']['condition'], text=e.presence['error']['text'])
    except IqTimeout:
        tell(id=order['id'], error='timeout', text='no answer')
    except Exception as e:  # a mistake in this script or in the library: the test fails with it
        tell(id=order['id'], error=type(e).__name__, text=str(e))


async def main():
    logging.basicConfig(filename='slix.log', level=logging.DEBUG, format='%(asctime)s %(name)s %(message)s')
    lines = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tasks = set()
    while line := await lines.readline():
        task = loop.create_task(obey(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


if __name__ == '__main__':
    asyncio.run(main())
