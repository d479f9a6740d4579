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
