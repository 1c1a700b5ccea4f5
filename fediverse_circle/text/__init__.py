"""Words: what people type, and what strangers send.

Here: strangers' HTML made safe (`sanitise`), their plain words made calm (`plain`), what is named in typed text (`mentions`), typed text as
HTML (`render`), how long it is (`length`), names of languages (`language`).  Pure: text in, text out, in linear time, and nothing raises
because of what somebody wrote.  Not here: who a mention means (actions find out and pass it in), and who may read the words (domain).
"""
