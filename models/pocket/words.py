"""Open vocabularies: things that people buy, do, play, time and ask the weather of; and made-up words.

Lists are combined, so that there are many thousands of different phrases; made-up words and names among
them make a model copy what it reads rather than recall it.
"""


def split(text):
    """The phrases between commas."""
    return [phrase for phrase in (" ".join(part.split()) for part in text.split(",")) if phrase]


ONSETS = split("""
    b, bl, br, c, ch, cl, cr, d, dr, f, fl, fr, g, gl, gr, h, j, k, kl, kn, l, m, n, p, pl, pr, qu, r, s,
    sc, sh, sk, sl, sm, sn, sp, st, str, sw, t, th, tr, tw, v, w, wh, y, z
""")
MIDDLES = ONSETS + split("""
    bb, cc, dd, ff, gg, ll, mm, nn, pp, rr, ss, tt, zz, ck, kk, lt, nt, nd, mb, mp, rk, rb, sp, st, ct, pt, xt, rz, lv,
    nj, tch, dj, ng, ñ, ç, gn, ks
""")
ACCENTED = dict(zip("aeioucn", ["áàâãäåæ", "éèêëę", "íîïì", "óòôõöø", "úùûü", "ç", "ñ"], strict=True))
VOWELS = split("a,e,i,o,u,a,e,i,o,ai,au,ea,ee,ei,ie,oa,oo,ou,y,ia,io")
CODAS = (
    split("""
    b, ck, d, ff, g, ft, k, l, ll, ld, lk, lm, lt, m, mp, n, nd, ng, nk, nt, p, pt, r, rd, rk, rm, rn, rt,
    s, sh, sk, ss, st, t, th, tch, x, z
""")
    + [""] * 30
)

FIRST_NAMES = split("""
    Aaron, Abby, Adam, Ahmed, Aisha, Alan, Alex, Alice, Amara, Amy, Ana, Andrea, Andy, Anita, Anna, Arjun,
    Arthur, Barbara, Becky, Ben, Beth, Bilal, Bob, Brian, Bruno, Callum, Carla, Carlos, Carol, Cathy,
    Charlie, Chen, Chloe, Chris, Claire, Clara, Colin, Connor, Craig, Dan, Daniela, Deborah, Denise,
    Derek, Diana, Dora, Doug, Ed, Elena, Eli, Ella, Emma, Eric, Erin, Esther, Ethan, Eva, Farah, Fatima,
    Felix, Fiona, Frank, Fred, Gabriel, Gary, Gemma, George, Gina, Gloria, Grace, Graham, Greg, Gus,
    Hannah, Harry, Hassan, Heidi, Helen, Henry, Holly, Hugo, Ian, Ida, Imran, Ines, Irene, Iris, Isaac,
    Ivan, Jack, Jake, James, Jane, Jasmine, Jay, Jean, Jenny, Jess, Jill, Jim, Joan, Joe, Johan, Jonas,
    Josh, Joy, Juan, Judy, Julia, Karen, Karl, Kate, Kenji, Kevin, Kim, Kyle, Lara, Laura, Leah, Lee, Leo,
    Liam, Lila, Linda, Lisa, Liz, Lola, Lucas, Lucy, Luke, Luna, Maggie, Marco, Marek, Maria, Mark, Marta,
    Martin, Mary, Matt, Max, Maya, Meera, Mike, Milo, Mina, Mo, Molly, Monica, Nadia, Nancy, Natalie,
    Neil, Nick, Nina, Noah, Nora, Olga, Oliver, Omar, Oscar, Otto, Pam, Pat, Paul, Pedro, Penny, Pete,
    Phil, Pia, Polly, Priya, Rachel, Raj, Ravi, Ray, Rita, Rob, Rosa, Rose, Ruby, Ruth, Ryan, Sally, Sam,
    Sandra, Sanjay, Sara, Sean, Simon, Sofia, Sonia, Stan, Steve, Sue, Sven, Tamara, Tania, Tara, Ted,
    Theo, Tim, Tina, Toby, Tom, Tony, Uma, Vera, Vicky, Victor, Wanda, Wendy, Will, Yara, Yuki, Yusuf,
    Zach, Zara, Zoe,
    Abebe, Adaeze, Aditi, Agnieszka, Aiko, Akira, Alejandra, Alicja, Aminata, Ananya, Anders, Anjali,
    Annika, Anya, Apolline, Ayumi, Azadeh, Babajide, Baptiste, Beatriz, Bhavna, Bjarne, Bogdan, Bronwyn,
    Caoimhe, Catalina, Chidi, Chiara, Ciaran, Damini, Deepak, Dimitri, Eamon, Efua, Eilidh, Ekaterina,
    Elif, Emeka, Enrique, Farid, Fernanda, Folake, Freya, Gareth, Ganesh, Giulia, Gwen, Habib, Hamza,
    Haruto, Hiroshi, Ibrahim, Ifeoma, Ingrid, Isha, Ivana, Jamal, Javier, Joanna, Joaquin, Kaito, Kavya,
    Khadija, Kofi, Kwame, Lakshmi, Lars, Layla, Leila, Linh, Ludmila, Magnus, Mahmoud, Malik, Manuel,
    Mateo, Mei, Mehmet, Mikael, Minh, Mohammed, Nadeem, Naveen, Neha, Ngozi, Niamh, Nikhil, Olu, Paolo,
    Parvati, Piotr, Rania, Rohan, Rohit, Roberta, Sakura, Samira, Sanne, Saoirse, Sadia, Shanti, Siobhan,
    Soraya, Sunil, Svetlana, Tamsin, Tariq, Thabo, Thuy, Tomasz, Usman, Vikram, Wei, Xavier, Xiomara,
    Yasmin, Yiannis, Youssef, Zainab, Zeynep, Zoltan,
    Aarav, Abdullahi, Achieng, Adébáyò, Agnès, Ailsa, Åsa, Alistair, Amélie, Anaïs, André, Andrés,
    Ángel, Ansel, Aoife, Apinya, Arash, Asher, Astrid, Ayesha, Aylin, Ayodele, Björn, Brónagh, Béla,
    Benoît, Cécile, Çağla, Chloë, Clémence, Concepción, Cúán, Dagný, D'Angelo, DeShawn, Désirée, Eero,
    Eilís, Élodie, Émile, Eoin, Erzsébet, Esmé, Étienne, Eugenia, Eunji, Ewa, Françoise, Frédéric,
    Gaël, Germán, Gökhan, Günter, Gwilym, Håkon, Héloïse, Hyun-woo, Iman, Ingeborg, Ioana, Iolanthe,
    Itziar, Ivo, Iñaki, Jaap, Jean-Luc, Jesús, João, Jörg, José, Jürgen, Kārlis, Kjell, Kwabena,
    Lucía, Máire, Małgorzata, Marie-Claire, Mary-Ann, Márta, Mónica, Natália, Niño, Noémie, Nuño,
    Núria, Oisín, Oluwaseun, Ólafur, Ondine, Orla, Osagie, Øyvind, Óscar, Pádraig, Pär, Quang,
    Quentin, Raúl, René, Roisin, Rubén, Sán, Seán, Sébastien, Séamus, Shaquille, Signe, Sinéad, Siân,
    Søren, Tadhg, Teo, Thảo, Tomás, Ulla, Umberto, Umair, Ursula, Usha, Uyen, Valérie, Wojciech,
    Xochitl, Yetunde, Yolanda, Yu-Na, Zbigniew, Zoë, O'Connor, McKenzie
""")

FAMILY = split("""
    mum, mom, dad, granny, grandma, grandad, grandpa, nana, auntie Pat, uncle Bill, the boss, my boss, my
    sister, my brother, my wife, my husband, my landlord, the landlady, the babysitter, the neighbours,
    the neighbors, the kids, the in-laws, my cousin, the team, the twins, the vet, the dentist, the
    plumber, the electrician, the doctor, the school, the nursery, the council, the garage, the insurance
    company, the estate agent, the accountant, the hairdresser, the optician, the gym, the letting agent,
    the builder, the cleaner, the tax office, the energy company, the pharmacist,
    abuela, nani, dadi, opa, oma, babushka, yiayia, nonna, my in-laws, the neighbour, the childminder, my
    flatmate, my roommate, my partner, my fiancé, the nanny, the carer, the delivery man, the window
    cleaner, the gardener, my tutor, the piano teacher, the physio, the bank, the mechanic, my manager,
    the coach, the imam, the vicar, the GP, the locksmith, the chimney sweep, aunty, my nephew, my niece,
    the lodger
""")

FOODS = split("""
    apples, apple juice, avocados, almonds, almond milk, asparagus, aubergines, baby wipes, bacon, bagels,
    baking powder, balsamic vinegar, basil, bay leaves, beans, beef mince, beer, beetroot, bell peppers,
    berries, black pepper, blueberries, bread, bread flour, brie, broccoli, brown rice, brown sugar, buns,
    cabbage, candles, carrots, cashews, cat litter, cauliflower, celery, cereal, cheddar, cheese,
    cherries, chicken, chicken thighs, chickpeas, chilli flakes, chips, chives, chocolate, cider,
    cinnamon, clingfilm, cocoa, coconut milk, cod fillets, coriander, corn, cornflakes, cottage cheese,
    couscous, crackers, cranberry juice, cream, cream cheese, crisps, croissants, cucumber, cumin, curry
    paste, custard, dates, deodorant, detergent, diapers, dish soap, dishwasher tablets, dried apricots,
    duct tape, envelopes, fabric softener, feta, figs, fish fingers, floss, foil, frozen peas, garlic
    bread, gin, ginger, goat cheese, gluten free pasta, granola, grapefruit, grapes, gravy granules, green
    beans, green tea, ground beef, halloumi, ham, hand soap, hazelnuts, herbal tea, honey, hot sauce,
    houmous, hummus, ice cream, ice cubes, icing sugar, jam, jelly, kale, ketchup, kidney beans, kitchen
    roll, kiwis, lamb chops, lasagne sheets, leeks, lemonade, lemons, lentils, lettuce, light bulbs,
    limes, mackerel, mangoes, maple syrup, marmalade, marmite, mayo, mayonnaise, melon, mince, mint sauce,
    mouthwash, mozzarella, muesli, muffins, mushrooms, mustard, nappies, noodles, nutmeg, nuts, oat milk,
    oats, olive oil, olives, onion rings, orange juice, oranges, oregano, paper towels, paprika, parmesan,
    parsley, parsnips, passata, pasta, pasta sauce, peaches, peanut butter, peanuts, pears, peas, penne,
    pesto, pickles, pineapple, pine nuts, pita bread, pizza bases, plasters, plums, popcorn, pork chops,
    porridge oats, potatoes, prawns, pretzels, printer paper, puff pastry, pumpkin, quinoa, radishes,
    raisins, raspberries, ravioli, razor blades, red onions, red wine, rhubarb, rice cakes, rocket,
    rosemary, rye bread, salad, salami, salmon, salsa, salt, sardines, sausages, scones, sea salt, sesame
    oil, shallots, shampoo, shaving foam, shower gel, soap, soda water, sour cream, soy milk, soy sauce,
    spaghetti, sparkling water, spinach, sponges, spring onions, sprouts, squash, stamps, stock cubes,
    strawberries, string, sultanas, sun cream, sunscreen, sweet potatoes, sweetcorn, syrup, tampons, tea
    bags, tea towels, tin foil, tinned tomatoes, tissues, tofu, toilet paper, tomato paste, tomatoes,
    tonic water, toothpaste, tortillas, tuna, turkey, turmeric, vanilla extract, vegetable oil, vinegar,
    vodka, walnuts, washing powder, watermelon, wholemeal bread, wine vinegar, wraps, yoghurt, yogurt,
    zucchini, batteries, a birthday card, a bottle of milk, an aubergine, a cucumber, a lettuce, a melon,
    a pineapple, a lightbulb, a mop head, sticky tape, wrapping paper, dog biscuits, bird seed, fish food,
    compost, rat traps, hair dye, lip balm, paracetamol, ibuprofen, cough syrup, vitamin D,
    adobo seasoning, agave syrup, amchur powder, anchovies, arborio rice, atta flour, baklava, bamboo
    shoots, basmati rice, bean sprouts, besan, biltong, black beans, blue cheese, bok choy, bratwurst,
    brioche, buckwheat, bulgur wheat, burrata, buttermilk, candyfloss, capers, cardamom pods, cassava,
    chana dal, chia seeds, chimichurri, chorizo, coconut oil, collard greens, corn tortillas, cotton buds,
    curry leaves, daikon, date syrup, dosa mix, dumpling wrappers, edamame, enchilada sauce, falafel mix,
    fenugreek, filo pastry, fish sauce, flatbreads, flaxseed, fufu flour, garam masala, ghee, gochujang,
    guacamole, harissa, hoisin sauce, idli batter, jackfruit, jasmine rice, kefir, kielbasa, lavash,
    lemongrass, linguine, lychees, maki rolls, malt vinegar, masa harina, mascarpone, matzo, merguez,
    mooncakes, moong dal, mung beans, nori sheets, orzo, palm oil, pancetta, paneer, papaya, papadums, pak
    choi, pickled ginger, pierogi, pitted olives, plantains, polenta flour, pomegranate seeds, poppy
    seeds, preserved lemons, ramen noodles, red lentils, rice paper, rice vinegar, rooibos, rye crackers,
    saffron, samosas, sauerkraut, scallions, sesame seeds, shiitake mushrooms, smoked paprika, sriracha,
    star anise, sumac, sunflower seeds, tamarind paste, tapioca, teriyaki sauce, tempeh, toor dal, udon
    noodles, vegemite, vine leaves, wasabi, water chestnuts, weetabix, yeast, yuzu juice, za'atar, kitchen
    scissors, rubber gloves, bleach, limescale remover, hand cream, cotton wool, hairspray, nail varnish
    remover, plasters for blisters, antiseptic, eye drops, hay fever tablets, contact lens solution, a
    phone charger, an extension cable, picture hooks, wood glue, sandpaper, rawlplugs, matches,
    firelighters, charcoal, lighter fluid, a bag of ice, paper plates, napkins, party hats, balloons,
    birthday candles, a rotisserie chicken, sandwich bags, baking parchment, greaseproof paper, freezer
    bags, guinea pig hay, puppy pads, cat treats, slug pellets, tomato feed, lawn seed,
    ajvar, akara mix, aioli, apfelmus, Arabic bread, AAA batteries, A4 paper, açaí berries,
    all-purpose flour, anise, annatto, antibacterial wipes, aquafaba, arugula, asafoetida, azuki
    beans, baba ganoush, bagoong, banh mi rolls, banana shallots, basa fillets, béchamel sauce,
    bhindi, bicarb, bin liners, bird's eye chillies, black-eyed peas, blu tack, Bombay mix, bottarga,
    bresaola, Brussels sprouts, bubble wrap, bulgogi sauce, C batteries, calamari, callaloo, candied
    peel, cannellini beans, caster sugar, cavolo nero, cellotape, Chinese five spice, chow chow,
    clementines, clotted cream, cocktail sticks, cornichons, cornstarch, crème fraîche, crudités,
    curtido, D batteries, dashi, Dijon mustard, doenjang, dry-roasted peanuts, dulce de leche, Earl
    Grey, egusi, emmental, endives, epazote, escarole, extra-virgin olive oil, fairy cakes, farofa,
    flapjacks, focaccia, freekeh, fromage frais, furikake, galangal, gari, gherkins, gnocchi, Greek
    yoghurt, gruyère, guava paste, gulab jamun, half-fat cheese, herbes de Provence, HP sauce, ice
    lollies, jaggery, jalapeños, jasmine tea, jollof spice, kaffir lime leaves, kasha, kecap manis,
    king prawns, knäckebröd, kohlrabi, kombu, ladyfingers, LED bulbs, lingonberry jam, loo roll,
    loose-leaf tea, M6 screws, madeleines, mange tout, manioc flour, marzipan, medjool dates, methi
    leaves, microfibre cloths, mirin, monkey nuts, muffin tin liners, naan breads, nduja, nectarines,
    nigella seeds, nutritional yeast, oat-based cream, ogbono, okara, onigiri, oolong tea, orange
    squash, orecchiette, ossobuco, oyster sauce, pain au chocolat, palak, panettone, panko,
    pappardelle, pâté, pecorino, perilla leaves, piccalilli, pide, piquillo peppers, pizzelle, poha,
    ponzu, poppadoms, pork rinds, porcini, prosciutto, pumpernickel, purée, quark, quesadillas, quince
    jelly, ras el hanout, rasgulla, ready-salted crisps, ricotta, rose water, rösti, roux blocks,
    sago, sambal oelek, satsumas, sauerbraten, seitan, self-raising flour, semi-skimmed milk,
    semolina, shiso, size 4 nappies, skyr, soba noodles, soya chunks, speculoos, spätzle, St John's
    wort, stevia, stroopwafels, sugar-free gum, sun-dried tomatoes, Tabasco, tagliatelle, taleggio,
    taro, teff flour, Tupperware lids, turnips, tvorog, twine, tzatziki, uchuva, ugali flour,
    umeboshi, unagi, upside-down cake, urad dal, USB-C cable, varenyky, vermicelli, vitamin B12,
    WD-40, wet wipes, whole-wheat pasta, wholegrain crackers, wipes, Worcestershire sauce, xanthan
    gum, yakitori skewers, yams, yerba mate, yuba, zereshk, zip ties, 2-in-1 conditioner, 00 flour,
    7up, 40 watt bulbs, air freshener, all-in-one tablets, Allen keys, anti-dandruff shampoo, aspirin,
    eggnog, elastic bands, emery boards, Epsom salts, eyeliner, ink, insect spray, iron tablets, oven
    chips, oven gloves, ointment, umbrella stand, ant powder, baby's milk, cat's flea drops, men's
    razors, kids' plasters, children's toothpaste, cook's matches, baker's yeast, goat's cheese,
    shepherd's pie, ladies' socks, ladies' razors, babies' bibs, dogs' chews
""")

FOOD_SIMPLE = split("""
    ale, brie, cod, curd, dill, fennel, garlic, gum, ham, herbs, jerky, kelp, kimchi, lard, lime, malt,
    mint, miso, okra, pies, port, ribs, rolls, rum, sage, seeds, soup, steak, stew, tahini, tea, thyme,
    toast, trout, veal, yams, juice, biscuits, cookies, cake, crumpets, milk, eggs, butter, bananas,
    flour, sugar, rice, coffee, wine, water, cat food, dog food, bin bags,
    dal, roti, naan, idli, dosa, chai, lassi, matcha, sake, udon, mochi, tofu, pho, bao, tacos, nachos,
    salsa verde, pita, labneh, feta, ouzo, halva, pasta, prosecco, gin, cola, squash, scones, rusks,
    grits, bagels, lox, challah, pretzels, brats, pierogi, borscht, kvass, herring, crispbread, glögg,
    waffles, gouda, harissa, injera, biltong, suya, plantain, yuca, arepas, maize,
    aïoli, ackee, adobo, agar, amaretti, appam, bitters, brawn, bhaji, cava, cachaça, chapati, crème,
    dulse, edam, eel, eggnog, elk, escargots, farro, frites, gaufres, ghugni, ugli fruit, grappa,
    idiyappam, irn bru, jus, kaya, kibbeh, kofte, latkes, leberwurst, macaroons, mezze, mettwurst,
    momos, nduja, ndolé, natto, oat bran, offal, orgeat, orzo, oxtail, paan, pastéis, piri piri,
    piroshki, poi, pizzas, poutine, puff puff, puttu, queso, raclette, rosé, rice, roe, saké, sambar,
    schnapps, sopapillas, spelt, suet, tikka, ube, upma, uttapam, vada, vermouth, xoi, yassa, zatar,
    ziti, añejo, éclairs, öljy, øl, über spread
""")

CONTAINERS = split("""
    a bag of, a bottle of, a box of, a bunch of, a can of, a carton of, a couple of, a crate of, a dozen,
    a few, a jar of, a kilo of, a large, a packet of, a pack of, a pint of, a pot of, a pound of, a roll
    of, a sack of, a small, a tin of, a tub of, a tube of, half a dozen, lots of, more, plenty of, some,
    some fresh, some more, the cheap, the good, two, three, four, five, six, eight, ten, 2, 3, 4, 6, 12,
    two bags of, two bottles of, three tins of, four cans of, six cartons of, 2 litres of, 500 grams of,
    one, extra, organic, frozen, fresh, smoked, sliced, unsalted, low fat, dark, plain, spicy, whole,
    dried, tinned, canned, chopped,
    a loaf of, a punnet of, a tray of, a multipack of, a bar of, a bulb of, a head of, a slab of, a wedge
    of, a sachet of, a gallon of, a quart of, a handful of, three packs of, two boxes of, a dozen large, 5
    kilos of, 250 grams of, half a kilo of, half a pound of, a litre of, two pints of, a bucket of, a
    sleeve of, a stick of, 12 cans of, a big bag of, a six pack of, grated, pickled, roasted, halal,
    kosher, vegan, sugar free, gluten free, wholegrain, shredded, minced, ripe, skimmed,
    two loaves of, three loaves of, three jars of, a net of, two tubs of, five tins of, a dozen packs of, two dozen, half a loaf of, nine boxes of, one tub of, eight rolls of, a stack of, a bundle of
""")

ACTS = split("""
    answer, assemble, bake, book, borrow, buy, call about, cancel, charge, check, chop, clean, clear out,
    collect, defrost, deliver, dig out, donate, drop off, dust, empty, feed, file, fill in, find, finish,
    fold, get, grease, hang up, hem, hide, hoover, iron, label, list, look for, mail, measure, mend, move,
    oil, open, order, organise, pack, paint, pay for, pick up, plan, plant, polish, post, practise,
    prepare, print, prune, renew, repair, replace, research, return, review, rinse, sand, scan, scrub,
    sell, send off, sew, shred, sign, soak, sort out, start, stack, store, sweep, take back, take out,
    tape, test, tidy, top up, trim, try on, turn over, unblock, unpack, update, vacuum, varnish, wash,
    water, weed, weigh, wipe, wrap, write, read, study, rehearse, mix, marinate, switch off, turn on,
    lock, close, shut, set up, go over, proofread, submit, fetch, walk, brush, bathe, vaccinate,
    air, alphabetise, balance, bag up, batch cook, bleach, blow up, build, carve, chase up, compare, cut,
    decorate, descale, double check, download, drain, draw, edit, engrave, enter, exchange, fertilise,
    fit, fix, fry, glue, grate, hand in, hand wash, harvest, inflate, insure, knead, laminate, level,
    load, lubricate, microwave, mow, nail, number, peel, photocopy, pick, pickle, plaster, pressure wash,
    proof, pump up, quote for, rebook, recharge, recycle, refill, register, reheat, rehome, reply about,
    rotate, sharpen, shave, slice, steam, stitch, sterilise, stir, strip, tighten, tune, unload, untangle,
    valet, whisk, wind up
""")

THINGS = split("""
    air filter, allotment, almanac, application form, apron, attic boxes, baby seat, back fence, backpack,
    balcony plants, banner, barbecue, bathroom mirror, bed sheets, beehive, bike, bike tyres, bins,
    birdcage, birthday cake, blankets, boiler, bookcase, bookshelf, boots, brakes, budget, bunk bed, cable
    box, camera, car, car keys, car tax, carpet, cat, cello, charger, chess set, chimney, christmas tree,
    clarinet, coats, compost heap, concert tickets, contract, cot, cupboards, curtains, cv, deck chairs,
    deposit, desk, dishes, dog, door handle, drains, drawer, dress, driving licence, drum kit, duvet,
    essay, exam papers, extension lead, fence, ferry tickets, fireplace, first aid kit, fish tank, flat
    tyre, flowers, flu jab, freezer, fridge, front steps, garage door, garden shed, gas meter, gate,
    gerbil, gift cards, glasses, greenhouse, grill, guest towels, guitar, gutters, gym bag, hamster,
    heater, hedge, helmet, herbs, homework, hotel, house plants, ink cartridges, invoices, jacket, jumper,
    kayak, keys, kite, ladder, lampshade, laptop, laundry, lawn, lawnmower, leaflets, lease, letter,
    library card, loft, lunch boxes, luggage, mattress, medicine, meeting notes, menu, mop, mortgage,
    moss, museum tickets, nails, nest box, new shoes, oven, oven door, parcel, parking permit, passport,
    patio, photos, piano, picnic blanket, pillowcases, pipes, plum tree, pond, porch, postcard, pram,
    prescription, presents, presentation, projector, puncture, purse, quilt, rabbit hutch, raffle tickets,
    rake, receipts, recycling, rent, report, rug, runner beans, saddle, sandpit, scarf, school uniform,
    shed roof, shirts, shoes, shopping bags, shower head, sink, skates, sleeping bags, slide deck, smoke
    alarm, sofa, spare key, speech, spreadsheet, squeaky door, stairs, stove, suitcase, sunglasses,
    swimming kit, table, tablets, tax return, tent, theatre tickets, toaster, tools, towels, toy box,
    train tickets, trousers, trampoline, umbrella, vaccination card, van, vase, violin, visa, vitamins,
    wall, wallpaper, wardrobe, watch strap, watering can, wedding suit, wheelbarrow, windows, wine rack,
    winter coats, work boots, worm bin, yoga mat, lasagne, casserole, bread dough, salad, turkey, pie,
    roast, brisket, pudding, soup, chickens, pony, lamp,
    abaya, air fryer, aquarium filter, armchair, baby monitor, bagpipes, bassinet, bathroom scales, bike
    lock, bird feeder, blender, bobble hat, bonsai, bread bin, broken tap, bus pass, cactus, camping
    stove, car boot, car insurance, cat flap, ceiling fan blades, cheese board, chopping boards, coat
    hooks, coffee grinder, colander, conservatory blinds, cricket bat, cricket pads, curtain rail, cushion
    covers, dashcam, dehumidifier, dhoti, dinner service, dishwasher filter, dog lead, doorbell, doormat,
    dosa pan, dressing gown, drill, driveway, drying rack, dumbbells, ear buds, egg boxes, election form,
    e-reader, eyebrows, fairy lights, fax, fern, fishing rod, football boots, garden hose, gas bill,
    goalposts, golf clubs, gravel, green bin, hairdryer, hammock, hanbok, headphones, hearing aid, hiking
    poles, hockey stick, hot water bottle, hula hoop, inhaler, insoles, ironing board, jigsaw, kimono,
    knitting, lawn edges, leather jacket, life jackets, light fittings, lunch order, mailbox, maths
    worksheet, microwave, mooncake tin, mosquito net, motorbike, muffin tin, musical score, necklace,
    nutribullet, oil filter, orchid, packed lunch, paddling pool, parcel locker code, patio heater, pet
    insurance, phone case, phone contract, pickle jars, playpen, pocket money, prayer mat, pressure
    cooker, pressure washer, radiator key, railcard, rangoli colours, rice cooker, ring, roof rack, roti
    dough, rowing machine, rucksack, sari, school blazer, school trip form, scooter, screen protector,
    season ticket, sewing machine, sherwani, shopping trolley, shower curtain, ski boots, skirting boards,
    slow cooker, snow tyres, soup bowls, spice rack, stamps album, stepladder, sun hats, surfboard,
    suspenders, swing set, tablecloth, taxi, teapot, tennis racket, tool belt, torch, toothbrush heads,
    train set, trophy, turban, tv licence, ukulele, vacuum bags, vegetable patch, veil, wallet, water
    bill, water filter, wellies, wetsuit, whistle, wifi password, window boxes, wok, wreath, xylophone,
    zimmer frame,
    açaí stall permit, airbed, aerial, anorak, aquarium, armchair, ashtray, atlas, awning, axe,
    earrings, easel, eiderdown, electric bill, embroidery hoop, encyclopaedia, engine oil, entry form,
    envelope, espresso pot, e-reader, eyeglasses, ice skates, igloo tent, immersion blender, inbox,
    inhaler, insulin, interview suit, iPad, ironing board, ivy, oboe, office plant, oil filter,
    ointment, old armoire, omelette pan, orchid, ottoman, outboard motor, overalls, ukulele, umbrella,
    uncle's tools, undercoat, unicycle, upholstery, utility bill, résumé, crème brûlée torch, piñata,
    protégé's essay, fiancée's ring, décor samples, papier-mâché mask, T-shirts, X-ray results,
    V-neck, SIM card, HDMI cable, MOT, PE kit, RSVP cards, P60, IKEA boxes, self-assessment form,
    carry-on, toy-box, tie-dye kit, kids' shoes, boys' blazers, girls' hockey sticks, neighbours'
    parcel, grandparents' photos, teachers' gifts, horses' hay, twins' costumes, guests' towels,
    parents' anniversary card, ladies' coats, students' essays, dogs' leads
""")

ERRANDS = split("""
    get some rest, go for a run, go to bed, leave for the airport, leave work early, stretch, drink water,
    do the dishes, do the school run, do my exercises, do yoga, do some sit-ups, log off, stand up, take a
    break, take my pills, take out the trash, put the bins out, bring in the washing, get petrol, get cash
    out, move the laundry, catch the bus, phone the surgery, vote, meditate, breathe, pray, apply
    sunscreen, take the chicken out, eat something, look at the stars, be nice, thank everyone, say happy
    birthday, practise scales, do the crossword, call back, text back, go shopping,
    go to the temple, go to mosque, pick up the kids, feed the neighbour's cat, do the washing, do the
    hoovering, go to choir, go to cricket practice, ring home, wish dad happy birthday, book a table, top
    up my phone, move the car, put the slow cooker on, start the rice, light the candles, do my Duolingo,
    take my vitamins, put the recycling out, cook dinner, walk to school, leave for church, drop the kids
    at nursery, do the ironing, get a haircut, check in for my flight, do my taxes, pay the babysitter,
    tip the driver, water the tomatoes, take the dog to the vet, hang the washing out, study for my exam,
    break the fast, put my contacts in, take the cake out, go swimming, call the landlord, ring the bank,
    get off the sofa
""")

LABELS = split("""
    bacon, bagels, baguette, bath, beans, beef, biscuits, boiled eggs, bolognese, bread, break, breathing,
    brisket, broccoli, bulgur, burgers, cake, candle, carrots, casserole, chicken, chilli, chips, chore,
    chutney, cleaning, coffee, cookies, corn, crumble, cupcakes, curry, custard, dance, debate, dishes,
    dumplings, egg, essay, exam, exercise, face mask, fish, flapjacks, focus, French press, fries, frying
    pan, game, garlic bread, gnocchi, goulash, granola, gravy, green tea, guitar, hair dye, ham, hash
    browns, hide and seek, homework, ice bath, ice cubes, jam, jelly, kimchi, lamb, lasagne, laundry,
    lentils, lunch, marinade, meatballs, meditation, meeting, mince, muffins, naan, nap, noodles, oats,
    onions, oven, paella, pancakes, parking meter, pastry, penalty, piano, pie, pilates, pizza, plank,
    polenta, pomodoro, porridge, potatoes, practice, pudding, pushups, quiche, quiz, ramen, ravioli,
    reading, revision, rice, risotto, roast, roast potatoes, rolls, salmon, sauce, sausages, sauna,
    scones, screen time, shortbread, shower, sit-ups, skipping, soup, sourdough, spaghetti, speech,
    sponge, spuds, squats, steak, stew, stir fry, stock, stretching, stuffing, sunbathing, syrup, tablet,
    tart, tea, tidy up, time out, toast, toffee, tofu, toothbrush, turkey, turn taking, tv, vegetables,
    waffles, walk, warm up, washing machine, workout, yoga, yoghurt, dryer, dough, jacket potatoes, sweet
    potato, pork, duck, crab, peas, kettle, grill, video game, silence,
    adobo, arepas, artichokes, baklava, basmati, batter, beetroot, biryani, black beans, bratwurst,
    brioche, brownies, butter chicken, cannelloni, cassava, challah, chapatis, cheesecake, chickpeas,
    choux, ciabatta, congee, couscous, crepes, croissants, dal, dosa, edamame, empanadas, enchiladas,
    falafel, fajitas, fish pie, flatbread, focaccia, frittata, fufu, gyoza, haggis, halloumi, idli,
    injera, jollof, kebabs, kedgeree, khichdi, lentil soup, macaroni, mac and cheese, meringue, moussaka,
    mussels, naan dough, nasi goreng, pad thai, pakora, parathas, peshwari, pho, pierogi, pilau, plantain,
    poached eggs, popcorn, pot roast, prawns, quinoa, rendang, ribs, rice pudding, samosas, satay,
    schnitzel, shakshuka, spring rolls, strudel, sushi rice, tacos, tagine, tamales, tempura, toad in the
    hole, tortilla, trifle, udon, yorkshire puddings, bread proving, cold brew, bread machine, cooling,
    teeth, piano practice, sunscreen, handstand, boxing, chess move, nappy, feed, recess, break time,
    stand up, kids' tv, gaming, hoovering, violin, drums, spelling, reading time, prayer, puppy, hair
    mask, steam, descaler, paint, glue, plaster, soak, dishwasher, tumble dryer, spin cycle, iron, bins,
    oven cleaner, charger,
    açaí bowl, aloo gobi, apple crumble, arancini, asado, asparagus tips, au gratin, aubergines,
    avocado toast, appetizers, aperitif, Aga, art class, crème brûlée, crêpes, entrecôte, éclairs, egg
    fried rice, elderflower cordial, étude, essay plan, espresso, eye drops, flambé,
    fricassée, gözleme, ice pops, icing, ironing, Irish stew, jalapeño poppers, jam jars,
    kids' bath, knödel, mid-morning nap, move-it break, HIIT, inhaler, oat bars, octopus, omelette,
    onigiri, origami, orange cake, osso buco, oxtail, pierniki, pizzas, pizza base, pre-wash,
    pull-ups, push-ups, quesadilla, ratatouille, rogan josh, rösti, sautéed onions,
    soda bread, soufflé, sous-vide steak, spanakopita, step-ups, stroganoff, T-bone,
    tikka, time-out, twins' nap, ugali, uttapam, U-turn game, upside-down cake, vindaloo, warm-up,
    yakitori, yorkies, 10k run, 5-a-side, AB workout, PE kit wash, zabaglione
""")

GENRES = split("""
    acoustic guitar, ambient, bagpipes, baroque, bebop, big band, bluegrass, blues, bossa nova, brass band
    music, britpop, calypso, calm music, carols, choral music, christmas songs, classic rock, classical,
    classical music, club music, country, dance music, deep house, disco, drum and bass, dubstep, easy
    listening, electro, electronic music, fado, film music, flamenco, folk, folk songs, funk, gospel,
    grime, grunge, guitar music, happy songs, hard rock, heavy metal, hip hop, holiday music, house,
    indie, indie rock, instrumental music, k-pop, klezmer, Latin music, love songs, lullabies, mambo,
    march music, metal, musicals, new wave, nineties hits, nursery rhymes, old school hip hop, opera,
    organ music, party music, piano, polka, pop, pop hits, punk, quiet music, r and b, ragtime, rain
    sounds, rap, rock, rock and roll, romantic music, salsa, samba, sea shanties, sea sounds, shoegaze,
    show tunes, ska, sleep sounds, slow songs, smooth jazz, soft rock, soul, soundtracks, steel drums,
    string quartets, summer hits, surf rock, swing, symphonies, synth pop, tango, techno, top forty,
    trance, trap, trip hop, upbeat music, violin music, waltzes, whale songs, white noise, world music,
    yacht rock, yoga music, eighties music, seventies disco, sixties pop, study music, workout music,
    dinner music, cooking music, something cheerful, something soft, thunder sounds, the charts, the news,
    the headlines, my playlist, my favourites, music, the radio, some music, a podcast, radio,
    afrobeats, amapiano, bachata, bhangra, bollywood hits, bhajans, cantopop, chillhop, cumbia, dancehall,
    dhol, enka, ghazals, highlife, j-pop, kizomba, kwaito, lo-fi, mariachi, merengue, mandopop, Motown,
    qawwali, raga, rai, reggae, reggaeton, rumba, shehnai, sitar music, soca, taiko drums, tamil songs,
    throat singing, UK garage, zouk, ceilidh music, Eurovision songs, baby shark, Disney songs, binaural
    beats, birdsong, fireplace sounds, brown noise, ocean waves, crickets, cafe sounds, the football, the
    cricket, the match commentary, something relaxing, something upbeat, something sad, old songs
""")

# Made up, spelled oddly; some have capitals, figures, accents.
ODD_TITLES = split("""
    A Slow Boat to Ithaca, An Evening with Otters, All Our Yesterdays, Alone in Aleppo, American
    Kitchen Tales, Aunt Ottoline's Attic, Asleep at Sea, Eleven Empty Chairs, Every Other Uncle,
    Inside the Icebox, Idle Hands, In Our Own Words, It Isn't Easy Being Ed, Once upon an Island, One
    Hundred Aprils, Our Ordinary Lives, Open All Hours, Oh What an Afternoon, Over the Ocean Again,
    Umbrella Weather, Uncommon Knowledge, Under the Ivy, Up and Under, This English Garden, This Old
    Garage, That Irish Accent, These Idle Days, The Allotment Hour, The Economics of Everything, The
    Ice Age Diaries, The Other Elephant, The Ugly Orchid, The Aunts' Revenge, The Girls' Own Paper,
    The Miners' Strike, Boys' Own Stories, Ship's Biscuit, Don't Look Up the Hill, Ain't No Umbrella,
    Nobody's Uncle, Who's Afraid of Ulla, What's Up Ally, Y'all Come Back, Rock 'n' Roll Grandma, 99
    Problems with Bread, 1001 Nights Out, 24-Hour Bakery People, Route 65, Apollo 12 and a Half, Catch
    21, Seven 11s, 4 Minute Warning, Year 3000 BC, Blink 9, Op. 27 No. 2, Symphony No. 6,
    Café Olé, Für Ella, Señorita Nadie, Déjà Vu Again, La Niña del Río, Où est
    Anaïs, Mañana Mañana, Über den Wolken Allein, Não Fala, Ångström, Æble, Sól og Máni, Crème de la
    Crème, Adiós Amigo, À Demain, C'est l'Été, Ça Va Aller, Élan, Jag Är Här, Øst for Sol, Über Alles
    Liebe, Naïve, Ni una Más, Bésame Otra Vez, Ay Ay Ay Amor, Aapki Yaad, Ishq Ishq, Ek Aur Din, Oru
    Naal, Umoja, Amandla Awethu, Ikebana, Otome no Uta, Anata, Uptown Monk, Anti-Gravity, Spider-Bee,
    X-Rays, Hip-Hop Harry, Re-Entry, Half-Past Never, Jack-in-the-Box, Off-Key, Un-Birthday,
    Make-Believe, Stop-Motion, E-Type, O Brother of Mine, I Am the Eggplant, U Can't Reach This, We R
    Here, ABC of Love, BBC Proms, D.I.S.C.O. Fever, NYC at Noon, TED-ish Talks, UFO Hunters, USA for
    Sale
""")

TITLE_ADJECTIVES = split("""
    blue, broken, burning, empty, endless, falling, fading, fast, first, forgotten, frozen, gentle,
    golden, good, great, green, hidden, hollow, honest, last, little, lonely, long, lost, midnight, naked,
    old, open, pale, paper, perfect, quiet, rainy, red, running, sad, salt, second, secret, shining,
    silent, silver, sleeping, slow, small, strange, sweet, tall, thin, true, velvet, warm, white, wild,
    winter, wooden, yellow, young,
    ancient, bitter, bright, crooked, cruel, dancing, distant, early, emerald, faithful, final, floating,
    fragile, humble, invisible, laughing, lazy, loud, lucky, magnetic, marble, mighty, missing, modern,
    patient, plastic, purple, restless, rolling, royal, rusty, sacred, scarlet, seventh, sober, solar,
    stolen, tender, tiny, untold, wandering, wicked
""")

TITLE_NOUNS = split("""
    angel, animals, apple, army, autumn, bell, bird, boat, bridge, brother, butterfly, candle, castle,
    chain, child, city, cloud, crown, dancer, dawn, day, desert, diamond, door, dream, dust, echo, eyes,
    farm, father, feather, fever, fields, fire, flag, flower, fools, forest, fox, game, garden, ghost,
    giant, glass, gold, hand, harbour, heart, hero, hill, home, honey, horse, hour, house, island,
    journey, king, kingdom, kite, lady, lake, letter, lighthouse, lion, machine, magic, map, mirror, moon,
    morning, mother, mountain, music, night, ocean, orchard, people, pilot, planet, promise, queen, rain,
    river, road, rose, sailor, sea, season, shadow, shore, sister, sky, smoke, snow, soldier, song,
    sparrow, spring, star, station, stone, storm, story, stranger, street, summer, sun, sunday, swan,
    thief, thunder, tide, time, tower, town, train, traveller, tree, valley, violet, voice, wave, whale,
    wheel, wind, window, wolf, woman, world, year,
    alley, anchor, arrow, avenue, ballad, balloon, beggar, blossom, bones, border, bread, cafe, canyon,
    carnival, circus, clown, coast, comet, compass, corner, cowboy, crow, curtain, daughter, detective,
    devil, dragon, eagle, elephant, engine, fairy, fortune, fountain, wanderer, gravity, guitar, highway,
    hurricane, jungle, kiss, ladder, lantern, lemon, letters, library, lullaby, meadow, memory, mermaid,
    monsoon, monster, moth, museum, needle, oak, paradise, peacock, penguin, piano, pirate, poet,
    portrait, prayer, preacher, prince, puzzle, radio, rainbow, raven, ribbon, robot, rocket, satellite,
    sculptor, sugar, tailor, temple, tiger, tomorrow, trumpet, umbrella, village, volcano, widow
""")

BANDS = split("""
    The Beatles, Queen, Abba, Adele, Bach, Beethoven, Björk, Blur, Bob Dylan, Bob Marley, Bowie, Chopin,
    Coldplay, Daft Punk, Dolly Parton, Drake, Ella Fitzgerald, Elvis, Fleetwood Mac, Johnny Cash, Kate
    Bush, Lady Gaga, Led Zeppelin, Madonna, Mozart, Muse, Nina Simone, Nirvana, Oasis, Pink Floyd, Prince,
    Radiohead, Rihanna, Shakira, Simon and Garfunkel, Stevie Wonder, Sting, Taylor Swift, the Cure, the
    Kinks, The Who, Tina Turner, Tom Waits, U2, Vivaldi, Whitney Houston, Beyoncé, Sigur Rós,
    A R Rahman, Aretha Franklin, Arctic Monkeys, Ariana Grande, Asake, Bad Bunny, Billie Eilish, BTS,
    Burna Boy, Buena Vista Social Club, Caetano Veloso, Celia Cruz, Cesária Évora, Charles Aznavour, Cher,
    Depeche Mode, Diana Ross, Diljit Dosanjh, Dua Lipa, Duke Ellington, Édith Piaf, Ed Sheeran, Elton
    John, Enya, Fela Kuti, Feist, Frank Sinatra, Gilberto Gil, Gorillaz, Green Day, Harry Styles, Iron
    Maiden, Jay Chou, Jimi Hendrix, Joni Mitchell, Joy Division, Julio Iglesias, Karol G, Kishore Kumar,
    Kraftwerk, Ladysmith Black Mambazo, Lata Mangeshkar, Lizzo, Louis Armstrong, Manu Chao, Metallica,
    Miles Davis, Miriam Makeba, Nusrat Fateh Ali Khan, Olivia Rodrigo, Patsy Cline, Placebo, Pulp, Ravi
    Shankar, REM, Rosalía, Ryuichi Sakamoto, Sade, Santana, Stromae, Tems, the Beach Boys, the Bee Gees,
    the Clash, the Police, the Pogues, the Rolling Stones, the Smiths, the White Stripes, Tchaikovsky, Umm
    Kulthum, Wizkid, Youssou N'Dour,
    Ásgeir, Alt-J, Amadou & Mariam, AC/DC, Aphex Twin, Arijit Singh, Arooj Aftab, Aurora, Azymuth,
    Blink-182, Blue Öyster Cult, Bon Iver, Boney M, Céline Dion, Charli XCX, Christine and the Queens,
    Destiny's Child, Eminem, Esperanza Spalding, Enrique Iglesias, Ennio Morricone, Erykah Badu,
    Eurythmics, Guns N' Roses, Hüsker Dü, INXS, Imagine Dragons, Iggy Pop, Jay-Z, José González,
    Juanes, Khruangbin, Kool & the Gang, Luis Miguel, Maluma, Måneskin, Maná, Maroon 5, Mötley Crüe,
    Motörhead, Mumford & Sons, Nena, Oasis tribute band, Olodum, Orbital, Otis Redding, OutKast, Ozzy
    Osbourne, P!nk, Run-DMC, Rufus Wainwright, S Club 7, Seu Jorge, Silk Sonic, Sinéad O'Connor, Sly
    and the Family Stone, Sum 41, The Go-Go's, The Isley Brothers, The xx, Tiësto, Tinariwen, Tom
    Petty, UB40, Ultravox, Underworld, Usher, Van Morrison, Weezer, Wu-Tang Clan, Zaz, ZZ Top, 10cc,
    50 Cent, a-ha
""")

STATIONS = split("""
    Radio 1, Radio 3, Radio 5, radio two, radio four, radio six, Classic FM, Kiss FM, Jazz FM, Heart,
    Capital, Absolute Radio, the World Service, BBC Radio Scotland, NPR, WNYC, KEXP, Magic FM, Planet
    Rock, Smooth Radio, Virgin Radio, local radio, Talk Sport, the sports channel, Radio Wales, Triple J,
    98.5 FM, 101.2, the jazz station, the news station, the country station,
    Radio Mirchi, Radio City, BBC Asian Network, Five Live, Gold FM, Greatest Hits Radio, Radio 4 Extra,
    LBC, Nova FM, ABC Radio, Double J, RTE Radio 1, Lyric FM, Today FM, CBC Radio, WFMU, KCRW, WBEZ, Radio
    France, FIP, Radio Nacional, Deutschlandfunk, Hot 97, Capital Xtra, Kisstory, Radio X, Absolute 80s, 6
    Music, 104.8, 89.1 FM, the classical station, the talk station, the rock station, the oldies station,
    the traffic channel, the kids' channel,
    Radio 2, Radio 6 Music, Radio Ö1, Antenne Bayern, Cadena SER, Europe 1, France Inter, Inspiration
    FM, Isles FM, NRJ, Oldies 103, Olive Radio, P3, Ö3, Radio Éire, Rádio Comercial, Radio Tres, U105,
    Up North FM, U1, Indie 88, Eagle 96.4, Asian Star
""")

PLACES = split("""
    Aberdeen, Accra, Adelaide, Alaska, Algiers, Amsterdam, Ankara, Antwerp, Athens, Atlanta, Auckland,
    Austin, Baghdad, Bali, Baltimore, Bangkok, Barcelona, Basel, Bath, Beijing, Beirut, Belfast, Belgrade,
    Bergen, Bern, Birmingham, Bogota, Bologna, Bordeaux, Boston, Brisbane, Bristol, Brussels, Bucharest,
    Budapest, Buenos Aires, Buffalo, Cairo, Calgary, California, Cambridge, Canada, Cape Town, Cardiff,
    Chennai, Cleveland, Cologne, Copenhagen, Cork, Cornwall, Dakar, Dallas, Delhi, Denver, Detroit, Devon,
    Dover, Dubai, Dublin, Dundee, Durham, Edinburgh, Exeter, Florence, Florida, France, Frankfurt, Galway,
    Geneva, Genoa, Ghent, Glasgow, Greece, Hamburg, Hanoi, Havana, Hawaii, Helsinki, Hong Kong, Houston,
    Hull, Iceland, India, Inverness, Ireland, Istanbul, Italy, Jakarta, Japan, Jersey, Johannesburg,
    Kansas City, Kathmandu, Kiev, Krakow, Kyoto, Lagos, Las Vegas, Lausanne, Lima, Lisbon, Liverpool,
    London, Los Angeles, Luxembourg, Lyon, Madrid, Malaga, Malmo, Manchester, Manila, Marseille,
    Melbourne, Memphis, Mexico City, Miami, Milan, Minneapolis, Montana, Montreal, Moscow, Mumbai, Munich,
    Nashville, Naples, New Orleans, New York, New Zealand, Newcastle, Nice, Norway, Norwich, Nottingham,
    Oregon, Osaka, Ottawa, Oxford, Palermo, Perth, Peru, Philadelphia, Phoenix, Pittsburgh, Plymouth,
    Porto, Portland, Portugal, Prague, Quebec, Reykjavik, Riga, Rio, Rome, Rotterdam, Sacramento, Salt
    Lake City, Salzburg, San Diego, San Francisco, Santiago, Sao Paulo, Scotland, Seattle, Seoul, Seville,
    Shanghai, Sheffield, Sicily, Singapore, Snowdonia, Sofia, Southampton, Spain, St Ives, Stockholm,
    Stuttgart, Sweden, Swansea, Sydney, Taipei, Tallinn, Tampa, Tehran, Texas, the Alps, the Lake
    District, Tokyo, Toronto, Toulouse, Tunis, Turin, Valencia, Vancouver, Venice, Vermont, Vienna,
    Vilnius, Wales, Warsaw, Washington, Wellington, Whitby, Winnipeg, York, Zagreb, Zurich,
    Addis Ababa, Ahmedabad, Albuquerque, Alice Springs, Amritsar, Anchorage, Asheville, Baku, Ballarat,
    Bangalore, Banff, Bath Spa, Bengaluru, Bilbao, Blackpool, Boise, Bournemouth, Bratislava, Brighton,
    Bruges, Busan, Byron Bay, Cairns, Cancun, Canberra, Caracas, Cartagena, Casablanca, Cebu, Charleston,
    Chiang Mai, Christchurch, Cincinnati, Colombo, Cordoba, Cusco, Da Nang, Damascus, Dar es Salaam,
    Darwin, Derby, Dhaka, Doha, Dubrovnik, Durban, Eindhoven, El Paso, Fez, Fiji, Fremantle, Fukuoka,
    Gdansk, Geelong, Goa, Gothenburg, Granada, Graz, Guadalajara, Halifax, Harare, Hiroshima, Ho Chi Minh
    City, Hobart, Honolulu, Hyderabad, Ibiza, Innsbruck, Islamabad, Jaipur, Jamaica, Kampala, Karachi,
    Kerala, Kigali, Kinshasa, Kolkata, Kuala Lumpur, La Paz, Lahore, Leeds, Leicester, Limerick,
    Ljubljana, Louisville, Luanda, Lucknow, Madeira, Maine, Malta, Marrakesh, Mauritius, Medellin,
    Milwaukee, Mombasa, Montevideo, Muscat, Mysore, Nagoya, Nairobi, Nantes, Nepal, Niagara, Oaxaca,
    Orlando, Oslo, Paris, Patagonia, Penang, Peshawar, Phuket, Pune, Queenstown, Quito, Rajasthan,
    Raleigh, Riyadh, Rochester, San Jose, Sapporo, Sarajevo, Savannah, Shetland, Shimla, Skopje, Split, St
    Louis, Stirling, Surat, Swindon, Tasmania, Tbilisi, Tel Aviv, the Cotswolds, the Highlands, the Peak
    District, Thessaloniki, Tijuana, Tucson, Tulsa, Udaipur, Utrecht, Varanasi, Verona, Vientiane,
    Wichita, Windhoek, Wollongong, Worcester, Yangon, Yerevan, Yorkshire, Zanzibar,
    Aachen, Aalborg, Abidjan, Abuja, Accrington, Agra, Åland, Aix-en-Provence, Akureyri, Alba Iulia,
    Alicante, Almería, Amman, Appenzell, Aosta, Arequipa, Århus, Arizona, Asunción, Ashford, Astana,
    Athlone, Avignon, Avila, Aviemore, Ávila, Ayr, Bogotá, Bad Säckingen, Białystok, Belém,
    Berwick-upon-Tweed, Besançon, Brașov, Brasília, Bury St Edmunds, Cádiz, Cancún, Chamonix,
    Chişinău, Cluj-Napoca, Córdoba, Coeur d'Alene, Cortina d'Ampezzo, Curaçao, Düsseldorf, Dún
    Laoghaire, Ebbw Vale, Ecuador, Edmonton, Eger, Egypt, Eilat, El Salvador, Elgin, Ely, Enniskillen,
    Entebbe, Epsom, Essen, Estonia, Évora, Évian, Famagusta, Faro, Florianópolis, Gävle, Göteborg,
    Győr, Győr, Hawke's Bay, Hay-on-Wye, Helsingør, Herstmonceux, Idaho, Iguaçu, Illinois, Inari,
    Indore, Iqaluit, Iquitos, Isfahan, Isle of Skye, Izmir, Ixtapa, Jönköping, John o' Groats, Joshua
    Tree, Kärnten, King's Lynn, Kraków, Kuopio, Kyiv, La Coruña, Land's End, León, Liège, Lillehammer,
    Linköping, Llandudno, Logroño, Łódź, Lübeck, Luleå, Machynlleth, Málaga, Malmö, Martha's Vineyard,
    Mérida, Milton Keynes, Montréal, München, Münster, Newcastle-upon-Tyne, Nîmes, Nuuk, Oamaru, Oban,
    Odense, Ohio, Okinawa, Oklahoma, Oman, Omaha, Opole, Orkney, Örebro, Östersund, Ouagadougou, Oulu,
    Oundle, Oviedo, Pécs, Plovdiv, Poznań, Puebla, Punta Cana, Québec, Reggio nell'Emilia, Réunion,
    Rhône, Saint-Tropez, Saint-Étienne, San José, San Sebastián, Santa Fe, São Luís, São Tomé, Sault
    Ste Marie, Sète, Sighișoara, Skopje, Sligo, St Andrews, St John's, Stoke-on-Trent,
    Stratford-upon-Avon, Szeged, Tallahassee, Tønder, Tórshavn, Toruń, Tromsø, Truro, Tübingen,
    Uganda, Uist, Ulaanbaatar, Ullapool, Ulm, Umeå, Uppsala, Urbino, Uruguay, Ushuaia, Utah, Vail,
    Val-d'Isère, Växjö, Valparaíso, Västerås, Viña del Mar, Vlorë, Wagga Wagga, Weston-super-Mare,
    Whistler, Wrocław, Würzburg, Xalapa, Xi'an, Ypres, Yaoundé, Yogyakarta, Ystad, Zakopane, Zaragoza,
    Zermatt, Zürich, upstate New York, Cote d'Ivoire
""")

PLACE_PARTS = split("""
    North, South, East, West, Port, Saint, San, Upper, Lower, Great, Little, New, Old, Fort, Mount, Lake
""")
PLACE_ENDS = split("""
    ton, ham, ford, bury, ville, burg, dale, mouth, stead, wick, field, port, by, worth, ley, land, berg,
    stadt
""")
