"""What people wrap around a request: politeness, fillers, reasons, second thoughts. All may hold slots of
slots.py.
"""

from words import split

# Before an imperative.
ASKING = split("""
    can you, could you, would you, will you, can you please, could you please, please, please, pls, would
    you please, I want you to, I'd like you to, I need you to, can u, could u, go ahead and, be a star
    and, do me a favour and, would you kindly, if you could just, just, kindly, try to, now, quickly,
    could you quickly, can you just, could you possibly, might you, you can, you could, you should, I'd
    appreciate it if you could, time to, it would be great if you could, I was wondering if you could, how
    about you, any chance you could, would it be possible to, let's, we should, do you mind if I ask you
    to, mind if you, be so kind as to, ok now, be a dear and, be an angel and, be a love and, I'd love you
    to, I'd love it if you could, would you be able to, are you able to, can I get you to, can I ask you
    to, may I ask you to, could I get you to, I'd be grateful if you could, it'd be nice if you could, do
    us a favour and, please do, make sure to, you'd better, you might want to, why don't you, why not,
    feel free to, hurry up and, can we, could we, is there any way you could, do you think you could,
    think you could, reckon you could, go on and, can ya, cld u, plz can u, pls could you, I'm asking you
    to, just go and, you may, I would like you to, we'd like you to, we need you to, do me a kindness and,
    would you ever
""")
# Before a verb in -ing.
ASKING_ING = split(
    """
    would you mind, do you mind, would you mind please, how about, any chance of, could I trouble you
    with, I'd appreciate you, can I ask you about, what about, mind, would it be a bother, I suggest, try,
    I recommend, it's time you were, I wouldn't mind you
"""
)
STEMS = split(
    """
    activate, add, adjust, boost, brighten, bring, cancel, change, check, clear, close, cool, create,
    cross, cue, decrease, delete, disable, dim, display, double, draw, drop, ease, empty, end, fire,
    flick, flip, get, give, heat, have, increase, keep, kill, knock, leave, let, lift, light, lock, lower,
    make, mark, move, mute, nudge, open, pause, play, pop, power, pull, put, raise, read, reduce, remove,
    resume, roll, run, schedule, set, show, shut, silence, skip, start, stick, stop, stream, switch, take,
    throw, tick, time, turn, unlock, unmute, wake, warm, wipe
"""
)
DOUBLED = split("cut, dim, drop, get, let, pop, put, run, set, shut, skip, stop, tap")


def gerund(verb):
    if verb in DOUBLED:
        return verb + verb[-1] + "ing"
    return (verb[:-1] if verb.endswith("e") else verb) + "ing"


GERUNDS = {verb: gerund(verb) for verb in STEMS}
# Between two words.
FILLERS = [
    " um",
    " uh",
    " er",
    ", um,",
    ", er,",
    "...",
    " like",
    ", you know,",
    " please",
    ", please,",
    ", uh,",
    " erm",
    " just",
]
# Before anything.
OPENING = split("""
    hey, hi, ok, okay, um, uh, er, right, so, well, alright, hello, yo, oh, ah, listen, hey there, excuse
    me, sorry to bother you, right then, good morning, evening, erm, hmm, computer, house, hey house, hey
    you, look, actually, quick one, oh and, one more thing, also, now then, dear me, good evening, say,
    quick, before I forget, ok so, oh dear, alright then, all right, hey buddy, afternoon, yeah, yes,
    first things first, so um, oh yes, please, g'day, oi, hiya, hi there, hello there, morning, good
    afternoon, hey computer, dear house, ey up, sweetheart, mate, buddy, pal, my friend, aye, yep, yup,
    ooh, aha, phew, gosh, anyway, anyhow, so anyway, okay so, alrighty, righto, right so, well then, let
    me see, let's see, just a thought, quick favour, small favour, one thing, another thing, oh right, oh
    yeah, by the way, btw, basically, honestly, seriously, no rush but, sorry but, if I may, if it's okay,
    one request, quick request, oh hey, ok computer
""")
CLOSING = split("""
    please, please, please, pls, plz, thanks, thank you, ta, cheers, for me, would you, will you, mate,
    now, right now, ok, straight away, if you can, if you would, could you, thanks a lot, quickly, thx,
    many thanks, darling, love, asap, when you can, right away, if you don't mind, please and thank you,
    immediately, there's a good thing, ty, for us, can you, if possible, my friend, dear, okay, would you
    please, buddy, if that's all right, go on, then, night, good night, night night, bye, cheers then,
    that's all, that'll do, lovely, perfect, real quick, pretty please, as soon as you can, won't you,
    when you get a moment, thank you very much, would ya, there's a dear, thanks mate, thanks love, thanks
    a bunch, thanks a million, thanks so much, thanks in advance, thank you kindly, thank you dear, much
    appreciated, much obliged, I'd appreciate it, cheers mate, cheers love, ta love, ta very much, tysm,
    thnx, if you'd be so kind, if it's not too much trouble, if it's no bother, if you wouldn't mind, if
    that's ok, if that's possible, would you kindly, will ya, can ya, yeah, alright, got it, ok thanks, ok
    please, as soon as possible, at once, pronto, without delay, chop chop, sharpish, there's a love,
    there's a good lad, pal, bro, dude, old friend, my dear, and thanks, and thank you, that's everything,
    that's it, I beg you, before you go, if you'd like
""")
# Sentences beside a request, which change nothing: none about cold, heat, light or sound.
REASONS = split("""
    the baby is asleep, we're having guests, I'm going to bed, I'm about to cook, {name} is coming over, I
    have a visitor, we're off out, I'm leaving now, we just got home, the film is about to start, I've got
    my hands full, it's late, it's been a long day, I can't reach, I'm busy, my hands are wet, I'm on the
    sofa, I'm in the shower, {name} is here, dinner is ready, I'm working, {name} is studying, the kids
    are in bed, I forgot earlier, {name} asked me, it's early, I'm expecting {person}, I've got company,
    it's party time, I'm in a hurry, I'm running late, I hurt my foot, I'm reading, we're watching a film,
    it's the weekend, I have a headache, we have people round, I'm half asleep, it's nearly bedtime, the
    dog is sleeping, I'm painting, I'm on a call, I'm about to leave, {person} is visiting, I keep
    forgetting, it's movie night, {name} is napping, I'm ironing, I just woke up, breakfast is nearly
    ready, the guests are arriving, I've finished work, the cat is asleep, I am doing yoga, that's better,
    we need to focus, I'm tired, {name} can't sleep, we're playing cards, the sun is setting, the
    neighbours are complaining, I have to {any_act}, I'm about to {any_act}, we're off to {any_place}, I'm
    going to {any_place}, {person} is on the phone, I need to {any_act}, my {thing} just arrived, {person}
    can't see a thing, I left my {thing} upstairs, my arms hurt, I'm late for the {thing}, {person} will
    be here soon, it's for {person}, my shift starts soon, the {thing} is done, I've just got in, {person}
    is scared, it's June for goodness' sake, I'm absolutely shattered, whatever {name} says, my lift is
    here, the match is about to begin, my train leaves soon, {name} is at work, {name} has just left,
    {name} has a fever, the baby is teething, I'm feeding the baby, I'm changing a nappy, my leg is in
    plaster, I've hurt my wrist, I've lost my glasses, my glasses are broken, I'm carrying the shopping,
    the puppy is chewing my shoe, I'm on crutches, I've got flour on my hands, I'm folding laundry, I'm
    stuck under the cat, {name} is doing homework, we have an exam, I was up early, we're just back from
    {any_place}, {person} is moving in, {person} told me to, my guests are hungry, I'm writing an essay,
    I'm knitting, it's my day off, it's a bank holiday, my in-laws are coming, I promised {name}, {person}
    insists, you know how {name} is, I'm exhausted, it's been one of those days, I couldn't find my
    {thing}, we're celebrating, I've got a meeting, my nails are wet, I'm doing my make-up, I'm expecting
    a parcel, {name} lost the {thing}, I'm nearly home, I'm on the bus, I'm in a taxi
""")
# Before several requests.
HEADINGS = split(
    """
    Bed time:, Morning routine:, Leaving:, Party mode:, Cinema mode:, Dinner:, A few things:, Right -, Listen
    up:, Night mode:, Time for bed:, Breakfast:, Guests are here:, To do:, Quick list:, Before bed:, Right
    then:, Please do this:, Going out:, Home again:, Evening:, Night night:, Goodnight:, Good night -, Good
    morning!, I'm off to bed:, I'm home!, I'm heading out:, We're leaving:, Bedtime routine:, Movie night:,
    Film night:, Date night:, Game night:, Work mode:, Focus time:, Bath time:, Nap time:, Story time for
    the kids:, Dinner party:, Barbecue:, House party!, Sunday morning:, Lazy day:, School run:, Wind down:,
    Siesta:, Iftar soon:, Puja time:, Tea time:, Match day:, Yoga:, Homework time:, OK team -, When you're
    ready:, In this order:, All at once:, Do all of these:, Can you do all this:, I need a few things done:,
    Could you sort these out:, Here's what I need:, Several things please:, My usual:, The usual:, Couple of
    things:, Some jobs for you:, Jobs:, So:, Now:, Ok listen:, Bit of a list:, Prep for bed:, Lock up time:
"""
)
# The same with how many there are, and the words for that many.
COUNTING = [
    "{} things:",
    "{} things please:",
    "I need {} things:",
    "{} jobs for you:",
    "can you do {} things for me:",
    "could you do {} things:",
    "please do {} things:",
    "{} requests:",
    "{} quick ones:",
    "{} quick things -",
    "just {} things,",
    "do {} things:",
    "{} favours:",
]
COUNTS = {
    2: ["two", "2", "a couple of"],
    3: ["three", "3", "a few"],
    4: ["four", "4", "several"],
    5: ["five", "5", "several"],
}
# After several requests.
CLOSING_ALL = split("""
    that's it, that's all, that's everything, that's all for now, in that order, in that order please, all of it
    please, all at once please, thanks for all that, and that's it, that's the lot, nothing else, that should do it,
    that will be all, then we're done, then I'm done, and you're done, that's all folks, got all that, did you
    get all that, all of that please, one after the other, as quick as you can, and thanks, then goodnight,
    and good night, see you later, be back soon, off we go, let's party, I owe you one, you're a star,
    sorry for the long list, sorry that's a lot, end of list, over and out
""")
# Between requests.
STOPS = [", ", ". ", ", ", "; ", " - ", ".. ", "... ", " / ", " + ", "! ", ". ", ", "]
# Before the first, the second and so on.
NUMBERINGS = [
    split("1., 2., 3., 4., 5."),
    split("1), 2), 3), 4), 5)"),
    split("(1), (2), (3), (4), (5)"),
    split("a), b), c), d), e)"),
    split("1:, 2:, 3:, 4:, 5:"),
    split("one:, two:, three:, four:, five:"),
    split("number one:, number two:, number three:, number four:, number five:"),
    split("first:, second:, third:, fourth:, fifth:"),
    split("firstly, secondly, thirdly, fourthly, lastly"),
    split("-, -, -, -, -"),
    split("*, *, *, *, *"),
]
# Before the first, each one between, and the last.
IN_TURN = [
    ("first", "then", "and finally"),
    ("first", "then", "then"),
    ("first", "after that", "finally"),
    ("first", "next", "and last"),
    ("first off", "then", "and lastly"),
    ("first of all", "then", "and then"),
    ("to start", "then", "to finish"),
    ("start with this:", "next", "at the end"),
    ("", "then", "then"),
    ("", "next", "next"),
    ("", "and", "oh and"),
    ("", "also", "also"),
    ("", "and then", "and finally"),
    ("", "plus", "plus"),
    ("ok so", "then", "and after all that"),
    ("first thing,", "second thing,", "last thing,"),
    ("one thing,", "another thing,", "and one more thing,"),
    ("please", "please", "and please"),
    ("now", "now", "and now"),
    ("right", "then", "and then"),
]
AGAIN = split("""
    no, no wait, wait no, sorry, I mean, actually, no sorry, make that, no make it, er no, scratch that,
    or rather, oops, no hang on, hmm no, wait, rather, correction, no I mean, I meant, ah no, oh no,
    actually make that, let's say, no let's say, um no
""")
# Before the last of several requests, and before one that begins with a verb.
LINKS = split("""
    and, and, and, and, and, and then, then, then, and also, plus, also, after that, as well as that, and
    next, and maybe, and finally, &, and afterwards, oh and, but first, but before that, and before that,
    before you do that, on top of that, and in addition, additionally, and at the same time, meanwhile, and
    meanwhile, oh yeah and, oh also, and another thing, and one more thing:, and last of all, and lastly,
    lastly, last thing, and for good measure, and besides that, oh and one more:, n, and after that, moreover,
    and yeah, and uh, and um, ps, p.s., but also, and now
""")
LINKS_ASKING = split("""
    and please, and while you're at it, and could you, and can you, could you also, can you also, and don't
    forget to, please also, and I need you to, and I'd like you to, and you can, would you also, and kindly,
    and go, and be sure to, also please, and will you, and I want you to, and then please, you could also, and
    if you can, and just, and quickly
""")
# Between the last two of several requests, with more talk than LINKS: before anything, before a verb, and before
# a verb in -ing.
AFTERTHOUGHTS = [
    "{}. oh, and {}",
    "{}. thanks. now {}",
    "{}. thank you. also {}",
    "{}. cheers. and {}",
    "{}, cheers, and {}",
    "{}, what else, {}",
    "{}. what else... {}",
    "{}, um what else, oh yes, {}",
    "{}. hmm, what else? {}",
    "{}. what was the other thing? oh yes, {}",
    "{}, and what was it, right, {}",
    "{}. nearly forgot: {}",
    "{}. I almost forgot, {}",
    "{}. oh I knew there was something else: {}",
    "{}. and then there's one more: {}",
    "{}, second thing: {}",
    "{}. the other thing: {}",
    "{}. other than that, {}",
    "{}. apart from that, {}",
    "{}. then, when that's done, {}",
    "{}, and once you've done that, {}",
    "{}, and only then {}",
    "{}. only after that {}",
    "{}, and when you've finished, {}",
    "{}, followed by this: {}",
    "{}. that's one. two: {}",
    "{}. good. now {}",
    "{}. done? {}",
    "{}. great, next: {}",
    "{}. one more for you: {}",
    "{}. last one, promise: {}",
    "{}. sorry, one more: {}",
    "{}. sorry to be a pain, but also {}",
    "{}. while I think of it, {}",
    "{}, while I remember, {}",
    "{}. since you're listening, {}",
    "{}. seeing as you're up, {}",
    "{}. and as you're there, {}",
    "{}. while we're at it, {}",
    "{}. on another note, {}",
    "{}. separately, {}",
    "{}. different subject: {}",
    "{}. new topic, {}",
    "{}. oh, not finished: {}",
    "{}. and that's not all, {}",
    "{}. that's not all though: {}",
    "{}. I'm not done: {}",
    "{}. wait, there's more: {}",
    "{} AND {}",
    "{}. THEN {}",
    "{} -> {}",
    "{} > {}",
    "{} -- {}",
    "{} | {}",
    "{}, yeah, and {}",
    "{}, right, and {}",
    "{}, ok? and {}",
    "{}, yes? then {}",
    "{}, got it? now {}",
    "{}, and so we don't forget, {}",
    "{}. and before you wander off, {}",
    "{}. don't go yet: {}",
    "{}. still there? {}",
    "{}. hang on, not finished, {}",
    "{}, easy. next, {}",
    "{}. let me think... {}",
    "{}. let's see, oh and {}",
    "{} aaand {}",
    "{}, andddd {}",
    "{}. ooh and {}",
    "{}. ah yes, also {}",
    "{}. any more? yes: {}",
    "{}. plus, if I may, {}",
    "{}. besides, {}",
    "{}, likewise {}",
    "{}. number two, {}",
]
AFTERTHOUGHTS_ASKING = [
    "{}. while you're about it, {}",
    "{}, and while you're there {}",
    "{}, and if it's not too much, {}",
    "{}. if you've a second, also {}",
    "{}, and be so good as to {}",
    "{}. would it kill you to {} too",
    "{}. could you then {}",
    "{}. afterwards I want you to {}",
    "{}, after which I'd like you to {}",
    "{}. then you may {}",
    "{}. next I'd like you to {}",
    "{}. and it'd be great if you could {}",
    "{}. you might as well {} too",
    "{}, oh and you may as well {}",
    "{}. and maybe you could {}",
    "{}. could I also get you to {}",
    "{}. also I was hoping you'd {}",
    "{}. I also want you to {}",
    "{}. can I be cheeky and ask you to {} as well",
    "{}. the next thing I need you to do is {}",
    "{}. what I also need is for you to {}",
    "{}, then if you'd {}",
    "{}, and I'd be grateful if you'd {}",
    "{}, then be a dear and {}",
    "{}, then do me a favour and {}",
    "{}? and could you {}",
    "{}? and then {}",
    "{}? thanks. then {}",
    "{}, will you, and {}",
    "{}, would you, then {}",
    "{}, and for god's sake {}",
    "{}, and don't make me ask twice, {}",
    "{}. you can also {}",
    "{}. your next job is to {}",
    "{}, then go {}",
    "{}. I'd love it if you would {} too",
]
AFTERTHOUGHTS_ING = [
    "{}. would you also mind {}",
    "{}. how about {} as well",
    "{}, and how about {}",
    "{}, as well as {}",
    "{}, followed by {}",
    "{}. do you mind {} too",
    "{}, and then I'd appreciate you {}",
    "{}. any chance of you also {}",
    "{}. and what about {}",
    "{}. I wouldn't mind you {} too",
]
# Two things asked for, the first by its verb in -ing.
FIRST_ING = [
    "as well as {}, {}",
    "besides {}, {}",
    "on top of {}, {}",
    "apart from {}, {}",
    "start by {}, then {}",
    "start with {} and then {}",
    "begin by {}, and after that {}",
    "would you mind {} and then {}",
    "how about {}, and then {}",
    "in addition to {}, {}",
    "do you mind {}? then {}",
]
# A wrong last request, and the right one in its place: what was before it stands.
NOT_THAT = [
    "{}, and {}... no, not that, {} instead",
    "{}, then {}, no, scrap that last one, {}",
    "{} and {}. forget that last one, {} instead",
    "{}, and {}, actually no, not the last one, {} instead",
    "{}; {}; hmm, not that last one, rather {}",
    "{} and then {}... cancel that last bit, {} instead",
    "{}, {}, er, ignore that last one, I meant {}",
    "{} and {}, wait, the last one's wrong: {}",
    "{}, also {}, no, second thoughts about that one, {}",
]
# After a request that names a room: the same for one more. The first kind may follow anything.
SAME_AGAIN = split("""
    and the same in the {}; same in the {}; same again in the {}; and ditto in the {}; ditto the {}; and
    likewise in the {}; and do that in the {} too; then the same in the {}; same thing in the {}; same for
    the {}; and the same goes for the {}; do the {} the same way; and repeat that for the {}; and the {}
    the same; the {} likewise; and then do the {} the same way; now the same in the {}; then repeat in the
    {}; and do the same in the {}; do the same for the {}; exactly the same in the {}; oh and the same in
    the {}; same deal in the {}; copy that for the {}; and I want the same in the {}; {} the same; {} ditto;
    and then the {} exactly the same; the {} should be the same; can you do the same in the {}; could you
    do that for the {} as well; the same please for the {}; the {} wants the same
""".replace(";", ","))
AND_THERE = split("""
    and in the {} too; and in the {} as well; and also in the {}; also in the {}; and the {}; and the {} too;
    and the {} as well; and also the {}; the {} too; oh and the {}; oh and in the {} too; not forgetting the
    {}; and don't forget the {}; plus the {}; and then in the {}; and while you're at it in the {} too; and
    actually in the {} too; and in the {} while you're at it; as well as in the {}; & in the {}; + the {}; in
    the {} as well; and yes in the {} too; and why not in the {} too; also the {} please; the {} as well
    please; and um the {} too
""".replace(";", ","))
# Several requests for one room, which is said first or last.
ROOM_JOBS = [
    "over in the {0} I'd like a few things: {1}",
    "do these in the {0}: {1}",
    "for the {0}: {1}",
    "these are for the {0}: {1}",
    "the following in the {0}: {1}",
    "everything here is for the {0}: {1}",
    "{0} please: {1}",
    "{0} jobs: {1}",
    "{0} now. {1}",
    "{0} - {1}",
    "next the {0}: {1}",
    "sort the {0} out: {1}",
    "get the {0} ready: {1}",
    "about the {0}: {1}",
    "{1} - all of that in the {0}",
    "{1}, all in the {0}",
    "{1}. all this in the {0} please",
    "{1} (I mean in the {0}, all of it)",
    "all of this in the {0}: {1}",
    "just in the {0}: {1}",
    "only in the {0}, please: {1}",
    "someone's coming to stay in the {0}, so in there: {1}",
    "I'm off to the {0}. in there: {1}",
]
THERE = split("""
    there, in there, there too, in there too, in there as well, in the same room, same room, while you're in
    there, in that room too, in that same room, over there too, in there also
""")
