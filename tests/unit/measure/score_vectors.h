/* score_vectors.h: made by make_score_vectors.py; do not edit.
 *
 * Each answer with its right ones: exact, f1, bleu of it alone, rouge1, rouge2, rougel. */
#ifndef SCORE_VECTORS_H
#define SCORE_VECTORS_H

#include <stddef.h>

typedef struct score_vector {
    const char *answer, *right[4];
    double exact, f1, bleu, rouge1, rouge2, rougel;
} score_vector;

static const score_vector score_vectors[] = {
    {"", {""}, 1, 1, 0, 0, 0, 0},
    {"", {"something"}, 0, 0, 0, 0, 0, 0},
    {"something", {""}, 0, 0, 0, 0, 0, 0},
    {"The", {"a"}, 1, 1, 0, 0, 0, 0},
    {"the cat", {"cat"}, 1, 1, 0, 0.66666666666666663, 0, 0.66666666666666663},
    {" ", {"\012"}, 1, 1, 0, 0, 0, 0},
    {"Paris.", {"paris"}, 1, 1, 0, 1, 0, 1},
    {"in Paris, France",
     {"Paris", "Paris, France"},
     0,
     0.80000000000000004,
     59.460355750136046,
     0.80000000000000004,
     0.66666666666666663,
     0.80000000000000004},
    {"yes", {"no"}, 0, 0, 0, 0, 0, 0},
    {"the the the the the the the",
     {"the cat is on the mat", "there is a cat on the mat"},
     0,
     0,
     7.8098498423006371,
     0.30769230769230765,
     0,
     0.30769230769230765},
    {"It is a guide to action which ensures that the military always obeys the commands of the party",
     {"It is a guide to action that ensures that the military will forever heed Party commands",
      "It is the guiding principle which guarantees the military forces always being under the command of "
      "the Party",
      "It is the practical guide for the army always to heed the directions of the party"},
     0,
     0.7142857142857143,
     50.456668400584846,
     0.70588235294117652,
     0.5,
     0.6470588235294118},
    {"police kill the gunman",
     {"police killed the gunman"},
     0,
     0.66666666666666663,
     35.35533905932737,
     0.75,
     0.33333333333333331,
     0.75},
    {"the gunman kill police",
     {"police killed the gunman"},
     0,
     0.66666666666666663,
     35.35533905932737,
     0.75,
     0.33333333333333331,
     0.5},
    {"a b c d e f g", {"g f e d c b a"}, 0, 1, 10.682175159905853, 1, 0, 0.14285714285714285},
    {"...", {"..."}, 1, 1, 0, 0, 0, 0},
    {"1.5", {"1.5"}, 1, 1, 0, 1, 1, 1},
    {"1. 5", {"1.5"}, 0, 0, 0, 1, 1, 1},
    {"end .", {"end."}, 1, 1, 0, 1, 0, 1},
    {"Hello, world!", {"Hello , world !"}, 1, 1, 100.00000000000004, 1, 1, 1},
    {"&quot;A&quot; &amp;lt; b", {"\042A\042 < b"}, 0, 0.5, 100.00000000000004, 0.5, 0, 0.5},
    {"so-\012called", {"socalled"}, 0, 0, 0, 0, 0, 0},
    {"2-3", {"2 -3"}, 0, 0, 0, 1, 1, 1},
    {"the\342\200\224cat", {"\342\200\224cat"}, 1, 1, 0, 0.66666666666666663, 0, 0.66666666666666663},
    {"an's", {"s"}, 0, 0, 0, 0.66666666666666663, 0, 0.66666666666666663},
    {"\304\260", {"i\314\207"}, 1, 1, 0, 1, 0, 1},
    {"\342\204\252", {"k"}, 1, 1, 0, 1, 0, 1},
    {"\303\237", {"SS"}, 0, 0, 0, 0, 0, 0},
    {"na\303\257ve", {"naive"}, 0, 0, 0, 0, 0, 0},
    {"x\302\262", {"x"}, 0, 0, 0, 1, 0, 1},
    {"a\302\262", {"\302\262"}, 0, 0, 0, 0, 0, 0},
    {"word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word "
     "word word word word word word word word word word word word word word word word word word word word ",
     {"word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word word "
      "word word word word word word word word word word word word word word word word word word word end"},
     0,
     0.99857142857142855,
     99.856835710259745,
     0.99857142857142855,
     0.9985693848354793,
     0.99857142857142855},
    {"a ", {"the an a"}, 1, 1, 0, 0.5, 0, 0.5},
    {"ends in blanks \343\200\200\012", {"ends in blanks"}, 1, 1, 0, 1, 1, 1},
    {"tab\011separated", {"tab separated"}, 1, 1, 0, 1, 1, 1},
    {"another\342\200\213lazy dash-", {"another\342\200\213lazy dash-"}, 1, 1, 0, 1, 1, 1},
    {"Stra\303\237e-\012--\011", {"Stra\303\237e-\012--\011"}, 1, 1, 0, 1, 1, 1},
    {"sat A\302\240&amp; it\037of dash- \042quoted\042 lazy Seine _under_ _under_ Z\303\274rich  50%",
     {"\042quoted\042 A\302\240&amp;  jumps dash- sat lazy Seine _under_ Z\303\274rich it\037of 50%"},
     0,
     0.91666666666666663,
     38.482102260631919,
     0.9285714285714286,
     0.46153846153846156,
     0.6428571428571429},
    {"(brackets)  2-3 _under_ --\012\346\227\245\346\234\254\350\252\236 in\037mat\302\240",
     {"(brackets) Paris  2-3 _under_ --\012\346\227\245\346\234\254\350\252\236 in\037mat\302\240",
      "Seine\012London jumps na\303\257ve \342\200\230a\342\200\231 another  a/b\302\2407,8.",
      "theory of\011list: a dash- over don't\342\200\213jumps"},
     0,
     0.92307692307692302,
     83.445228972230097,
     0.92307692307692302,
     0.72727272727272718,
     0.92307692307692302},
    {"theory\302\240to and\012", {"theory\302\240to and\012"}, 1, 1, 0, 1, 1, 1},
    {"1912 lazy and\343\200\200\342\205\247 \342\200\234the\342\200\235",
     {"1912 lazy and\343\200\200\342\205\247 \342\200\234the\342\200\235"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"na\303\257ve\037lazy London 5.-6",
     {"Z\303\274rich  lazy 3.14 AN is", "the quick  \357\254\201ne x\302\262\011lazy",
      "dash--\0121,234 x=y\302\240brown\343\200\200AN", "5.-6 London na\303\257ve\037lazy on"},
     0,
     0.88888888888888895,
     39.763536438352538,
     0.92307692307692302,
     0.54545454545454541,
     0.46153846153846151},
    {"a/b ---\012Stra\303\237e",
     {"\342\221\240\343\200\200x\302\262  don't", "a/b ---\012Stra\303\237e", "1912 {set} \342\221\240"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"\346\227\245\346\234\254\350\252\236\302\240is",
     {"\357\254\201ne of-\012", "U.S.\343\200\200is", "9.a to",
      "\346\227\245\346\234\254\350\252\236\302\240is"},
     1,
     1,
     0,
     1,
     0,
     1},
    {"London and cat\342\200\203theory an's $9.99 an's Paris jumps it's lazy caf\303\251 &quot;so&quot; "
     "&lt;b&gt; #tag-\012x\302\262\302\240theory \342\200\230a\342\200\231 2-3 &lt;b&gt;\343\200\200\307\204 "
     "a/b\011",
     {"_under_\343\200\200x=y &lt;b&gt;\037\342\200\230a\342\200\231 AN \342\200\230a\342\200\231-\01250% "
      "and\011an's &amp; \330\247\331\204\331\203\330\252\330\247\330\250 "
      "A\343\200\200is\342\200\213x=y\343\200\200of \342\200\234the\342\200\235 end, \357\254\201ne  "
      "1,234\343\200\200&lt;b&gt; #tag\342\200\213",
      "London and cat\342\200\203theory Paris $9.99 an's jumps it's lazy caf\303\251 &quot;so&quot; "
      "&lt;b&gt; #tag-\012x\302\262\302\240theory \342\200\230a\342\200\231 2-3 "
      "&lt;b&gt;\343\200\200\307\204 a/b\011"},
     0,
     0.97777777777777775,
     84.164889602022782,
     0.96875,
     0.87096774193548399,
     0.93749999999999989},
    {"\304\260stanbul\011brown the\342\200\224cat\343\200\200in the\342\200\224cat\343\200\200in 7,8.",
     {"\304\260stanbul\011brown the\342\200\224cat\343\200\200in 7,8.",
      "9.a 3.14\302\240C++\012#tag \360\237\231\202\302\240"},
     0,
     0.83333333333333326,
     61.478815295126431,
     0.8421052631578948,
     0.82352941176470584,
     0.8421052631578948},
    {"\342\221\240", {"\342\221\240"}, 1, 1, 0, 0, 0, 0},
    {"&lt;b&gt;\302\240sat $9.99\012 $9.99\012",
     {"&lt;b&gt;\302\240sat $9.99\012", "-dash yes! `tick`\011", "[sic]\0125.-6 5.-6"},
     0,
     0.8571428571428571,
     60.042877124855906,
     0.8571428571428571,
     0.83333333333333326,
     0.8571428571428571},
    {"state-of-the-art lazy\343\200\200_under_\343\200\200...\011(brackets)",
     {"state-of-the-art lazy\343\200\200_under_\343\200\200...\011(brackets)"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"C++ don't it's yes! London  the\342\200\224cat another a dash- it the\342\200\224cat 9.a\011\307\204 "
     "the\0371,234  no\077\343\200\200you@home C++\011x=y\302\240na\303\257ve  AN\342\200\213of "
     "\330\247\331\204\331\203\330\252\330\247\330\250 an's river na\303\257ve of "
     "10-12\012&lt;b&gt;\342\200\213`tick`  theory",
     {"&lt;b&gt; C++ don't it's yes!  the\342\200\224cat another a dash- it the\342\200\224cat "
      "9.a\011\307\204 the\0371,234  no\077\343\200\200you@home C++\011x=y\302\240na\303\257ve dog\011Seine "
      "AN\342\200\213of \330\247\331\204\331\203\330\252\330\247\330\250 an's river na\303\257ve of "
      "10-12\012&lt;b&gt;\342\200\213`tick`  theory The"},
     0,
     0.9285714285714286,
     82.471310729603871,
     0.92307692307692302,
     0.8764044943820225,
     0.92307692307692302},
    {"lazy wait; you@home", {"lazy wait; you@home"}, 1, 1, 100.00000000000004, 1, 1, 1},
    {"was\302\240",
     {"was\302\240", "\330\247\331\204\331\203\330\252\330\247\330\250", "\360\237\231\202"},
     1,
     1,
     0,
     1,
     0,
     1},
    {"C++-\012", {"C++-\012"}, 1, 1, 100.00000000000004, 1, 0, 1},
    {"jumps", {"jumps"}, 1, 1, 0, 1, 0, 1},
    {"AN jumps\342\200\213\042quoted\042  an a\302\240...",
     {"AN jumps\342\200\213\042quoted\042 cat  an a\302\240... another",
      "Stra\303\237e &quot;so&quot;\012dog end. 9.a can -dash\342\200\213sat\037"},
     0,
     0.5,
     64.321886990368327,
     0.83333333333333326,
     0.59999999999999998,
     0.83333333333333326},
    {"don't\342\200\203{set}\011", {"don't\342\200\203{set}\011"}, 1, 1, 100.00000000000004, 1, 1, 1},
    {"it\342\200\203end.\037", {"it\342\200\203end.\037"}, 1, 1, 0, 1, 1, 1},
    {"on \346\227\245\346\234\254\350\252\236\342\200\2037,8.\037a/b [sic]-\012",
     {"on \346\227\245\346\234\254\350\252\236\342\200\2037,8.\037a/b [sic]-\012"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"1912 state-of-the-art state-of-the-art London\302\240sat\302\240a\342\200\213dog "
     "dog-\012a/b\302\24050%",
     {"1912 is\037--\342\200\2039.a\302\240London state-of-the-art London\302\240sat\302\240a\342\200\213dog "
      "dog-\012a/b\302\24050%",
      "quick\012e.g. \320\234\320\276\321\201\320\272\320\262\320\260 e.g. &amp;\012theory 3.14 "
      "1,234-\012you@home\342\200\213\316\221\316\222\316\223 a/b\343\200\200\304\260stanbul cat",
      "#tag -dash\342\200\203<skipped> & the <skipped>\011on of to 10-12  end, wait; 3.14",
      "\342\200\234the\342\200\235\343\200\200$9.99 1,234 \307\204 "
      "don't\342\200\213no\077\037a\302\240U.S.\011\346\235\261\344\272\254\012\316\221\316\222\316\223 "
      "jumps AN  #tag"},
     0,
     0.79999999999999993,
     51.226766235402245,
     0.76470588235294124,
     0.6875,
     0.76470588235294124},
    {"to  dog\011", {"cat over", "U.S. &amp;", "to  dog\011"}, 1, 1, 0, 1, 1, 1},
    {"x\302\262", {"x\302\262"}, 1, 1, 0, 1, 0, 1},
    {"&lt;b&gt;\0372-3",
     {"10-12\342\200\203_under_\342\200\213", "&lt;b&gt;\0372-3", "Stra\303\237e no\077", "Seine &lt;b&gt;"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"state-of-the-art it's & state-of-the-art\342\200\213--\011`tick`\302\24010-12 a\342\200\2131,234  "
     "list: 3.14",
     {"state-of-the-art it's #tag\037C++ \316\221\316\222\316\223 "
      "state-of-the-art\342\200\213--\011`tick`\302\24010-12 a\342\200\2131,234  list: 3.14"},
     0,
     0.8421052631578948,
     56.610974589158396,
     0.95000000000000007,
     0.89473684210526316,
     0.95000000000000007},
    {"\316\221\316\222\316\223", {"a/b", "over", "\316\221\316\222\316\223"}, 1, 1, 0, 0, 0, 0},
    {"e.g. on cat", {"on e.g. cat"}, 0, 1, 56.234132519034915, 1, 0.33333333333333331, 0.75},
    {"to Seine end. over Stra\303\237e \342\205\247 an\011river "
     "the\342\200\224cat\302\240[sic]\343\200\200and Stra\303\237e\037the\342\200\224cat\012AN x\302\262 "
     "\342\200\230a\342\200\231 \346\227\245\346\234\254\350\252\236 can\343\200\200dash- another is "
     "5.-6\037it's \342\200\234the\342\200\235\343\200\200U.S. an's another 'single' 'single' 'single' "
     "&quot;so&quot; 5.-6\302\240",
     {"to Seine end. you@home-\012\316\221\316\222\316\223 Stra\303\237e \342\205\247 an\011river "
      "the\342\200\224cat\302\240[sic]\343\200\200and Stra\303\237e\037the\342\200\224cat\012AN another "
      "\346\227\245\346\234\254\350\252\236 can\343\200\200dash- \342\200\230a\342\200\231 5.-6 5.-6\037it's "
      "\342\200\234the\342\200\235\343\200\200U.S.  &quot;so&quot; 'single' "
      "an-\012'single'\342\200\213&lt;b&gt;\343\200\200\360\237\231\202\343\200\200theory x\302\262 "
      "5.-6\302\240"},
     0,
     0.8125,
     50.805476421633074,
     0.84705882352941186,
     0.57831325301204817,
     0.70588235294117641},
    {"U.S. in C++-\012to #tag",
     {"U.S. in C++-\012to #tag dash-\343\200\200\357\254\201ne\342\200\203caf\303\251"},
     0,
     0.76923076923076927,
     76.130038669687409,
     0.80000000000000004,
     0.76923076923076927,
     0.80000000000000004},
    {"lazy 3.14-\012jumps", {"lazy 3.14-\012jumps"}, 1, 1, 0, 1, 1, 1},
    {"AN", {"AN"}, 1, 1, 0, 1, 0, 1},
    {"& \330\247\331\204\331\203\330\252\330\247\330\250 _under_ \304\260stanbul {set}\0122-3 theory "
     "\342\221\240 \330\247\331\204\331\203\330\252\330\247\330\250\342\200\203#tag "
     "\360\237\231\202\302\240cat\011[sic]\343\200\200",
     {"can A can don't\012another-\012on\342\200\2139.a to\342\200\213sat\343\200\200to 2-3 \342\205\247 A",
      "state-of-the-art Paris lazy C++ <skipped> Z\303\274rich\037The\343\200\200K 10-12 brown sat\0122-3  "
      "cat",
      "x\302\262 \304\260stanbul ... can don't the &amp;\011don't\343\200\200AN AN of it over",
      "$9.99\011\342\200\230a\342\200\231 can e.g. 50% C++ caf\303\251\342\200\203it\342\200\203you@home "
      "\042quoted\042 jumps #tag fox"},
     0,
     0.16666666666666666,
     7.9335386832762778,
     0.20689655172413793,
     0.086956521739130432,
     0.20689655172413793},
    {"x\302\262\0371912 yes! 7,8. \346\227\245\346\234\254\350\252\236\302\240it\342\200\2033.14 <skipped> "
     "is [sic] cat <skipped> \346\227\245\346\234\254\350\252\236\302\240it\342\200\2033.14 end. [sic] an's "
     "\304\260stanbul \360\237\231\202 end. \360\237\231\202\011dash- &amp; \042quoted\042-\012\307\204 over "
     "over Paris sat\012quick\342\200\203$9.99\302\240quick\342\200\203end. "
     "sat\012quick\342\200\203$9.99\302\240quick\342\200\203end. "
     "\330\247\331\204\331\203\330\252\330\247\330\250\012",
     {"--\011[sic]-\012Stra\303\237e Z\303\274rich\342\200\203quick "
      "\342\200\230a\342\200\231\342\200\203\320\234\320\276\321\201\320\272\320\262\320\260 "
      "over-\012&lt;b&gt;\342\200\213_under_ and\343\200\200[sic] is -- an-\012A na\303\257ve A was "
      "1,234\037&quot;so&quot;\342\200\213an's an's\342\200\213wait; AN &quot;so&quot;\012K \042quoted\042 "
      "wait; 50%  dash-\343\200\200\330\247\331\204\331\203\330\252\330\247\330\250 jumps\011London",
      "[sic] Z\303\274rich 1912\342\200\213on\037-- 1,234 over &amp; was list: A\011#tag\012cat "
      "caf\303\251\011x\302\262\302\240jumps\302\240Z\303\274rich 2-3 state-of-the-art\011lazy can C++  "
      "it's\012yes!\011no\077 quick brown &quot;so&quot;  The\037Stra\303\237e "
      "A\302\240\357\254\201ne\012caf\303\251 (brackets)\011",
      "x\302\262\0371912 sat\012quick\342\200\203$9.99\302\240quick\342\200\203end. 7,8. <skipped> is [sic] "
      "cat \346\227\245\346\234\254\350\252\236\302\240it\342\200\2033.14 end. [sic] an's \304\260stanbul "
      "you@home\302\240and\012\357\254\201ne\302\240river \360\237\231\202 end. \360\237\231\202\011dash- "
      "&amp; \042quoted\042-\012\307\204 over cat yes! \330\247\331\204\331\203\330\252\330\247\330\250\012"},
     0,
     0.78378378378378366,
     60.235474144157301,
     0.76315789473684215,
     0.59459459459459463,
     0.57894736842105265},
    {"x\302\262\342\200\213&quot;so&quot;\037<skipped>-\012\307\204\012mat",
     {"x\302\262\342\200\213&quot;so&quot;\037<skipped>-\012\307\204\012mat",
      "you@home mat U.S. _under_\342\200\203x\302\262\342\200\213", "A _under_ --\342\200\213&lt;b&gt; e.g."},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"can in \342\200\230a\342\200\231-\012was ... \346\235\261\344\272\254\037",
     {"can in \342\200\230a\342\200\231-\012was river\012to ... \346\235\261\344\272\254\037"},
     0,
     0.8571428571428571,
     44.683107184405742,
     0.80000000000000004,
     0.74999999999999989,
     0.80000000000000004},
    {"Stra\303\237e 1,234\342\200\213\307\204\342\200\213Seine\037wait; caf\303\251 <skipped> \342\205\247 "
     "over x\302\262  theory wait; Z\303\274rich\012in\0119.a \342\205\247-\012a/b it's "
     "it's\342\200\213London a/b",
     {"an's the an's\342\200\203brown <skipped>\037list: C++ 1,234 mat 10-12 "
      "10-12\343\200\200C++\012e.g.\302\240\042quoted\042 K river in wait;\0377,8. sat _under_",
      "\342\221\240  Z\303\274rich cat\302\240yes!-\012AN \342\221\240\302\240was "
      "\342\200\234the\342\200\235 is you@home\011another\342\200\213C++  \342\221\240 #tag "
      "\342\200\230a\342\200\231  jumps wait;\302\2402-3 2-3 U.S. \342\205\247",
      "mat  the `tick`-\012\320\234\320\276\321\201\320\272\320\262\320\260 caf\303\251 "
      "\346\227\245\346\234\254\350\252\236 London state-of-the-art [sic] "
      "2-3-\012(brackets)\302\240\330\247\331\204\331\203\330\252\330\247\330\250 dash-  "
      "50%\342\200\213'single'  \357\254\201ne C++\302\240Paris river\012is no\077\342\200\203",
      "The\037another\342\200\203e.g. list: \346\227\245\346\234\254\350\252\236\342\200\213A "
      "\360\237\231\202 `tick`\342\200\203x=y x=y  {set} "
      "jumps\342\200\203is\342\200\213na\303\257ve\0129.a\343\200\200x\302\262 "
      "dash-\302\240\316\221\316\222\316\223 AN it \360\237\231\202\037"},
     0,
     0.15789473684210525,
     6.0188999009999771,
     0.29629629629629634,
     0.043478260869565216,
     0.20833333333333331},
    {"{set} is a na\303\257ve `tick`-\012",
     {"is sat a na\303\257ve `tick`-\012"},
     0,
     0.75,
     53.728496591177098,
     0.83333333333333337,
     0.59999999999999998,
     0.83333333333333337},
    {"<skipped>\0379.a it's U.S. $9.99",
     {"<skipped>\0379.a it's U.S. $9.99"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"&lt;b&gt; no\077\012&",
     {"&lt;b&gt; no\077\012&", "#tag\343\200\200A -dash"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"dog-\012", {"wait;", "dog-\012", "it's\343\200\200"}, 1, 1, 0, 1, 0, 1},
    {"the\342\200\224cat \342\205\247", {"\342\205\247 the\342\200\224cat"}, 0, 1, 0, 1, 1, 1},
    {"x=y don't Stra\303\237e &lt;b&gt;\037an &quot;so&quot; Paris ... (brackets) dash-\343\200\2005.-6 a/b "
     "&lt;b&gt; a/b\0371,234\0377,8. of of",
     {"\307\204 x=y 9.a\037list: Paris Stra\303\237e &lt;b&gt;\037an ... `tick`\011an &quot;so&quot; a/b "
      "dash-\343\200\2005.-6 (brackets) &lt;b&gt; a/b\0371,234\0377,8. of"},
     0,
     0.82352941176470595,
     47.860829079012149,
     0.875,
     0.67741935483870963,
     0.75000000000000011},
    {"fox \342\200\234the\342\200\235", {"dash- U.S.\342\200\213", "river\012a/b\012"}, 0, 0, 0, 0, 0, 0},
    {"it", {"it"}, 1, 1, 0, 1, 0, 1},
    {"Stra\303\237e U.S.",
     {"Stra\303\237e The"},
     0,
     0.66666666666666663,
     10.682175159905848,
     0.57142857142857151,
     0.40000000000000002,
     0.57142857142857151},
    {"{set} of a/b\012end, you@home\302\240&amp;-\012in\342\200\213list: was was &amp; 5.-6\037[sic] "
     "50%-\012state-of-the-art an's an's \330\247\331\204\331\203\330\252\330\247\330\250 "
     "dash-\342\200\203&amp; lazy and (brackets) 1912 -- cat 'single' brown was an an's\342\200\203fox "
     "(brackets) an's",
     {"{set} of a/b\012end, you@home\302\240&amp;-\012in\342\200\213list: was &amp; 5.-6\037[sic] "
      "50%-\012state-of-the-art an's \330\247\331\204\331\203\330\252\330\247\330\250 dash-\342\200\203&amp; "
      "lazy \342\200\234the\342\200\235 and (brackets) list: -- cat 'single' brown was an "
      "an's\342\200\203fox U.S. (brackets) an's",
      "[sic] is the\343\200\200river\343\200\200(brackets) 1,234\343\200\200$9.99 2-3\037end, mat "
      "\360\237\231\202\302\240to -- C++ it's\342\200\213state-of-the-art 5.-6 A\037&amp; "
      "\042quoted\042\302\240\316\221\316\222\316\223 5.-6 no\077\037x\302\262 "
      "$9.99\342\200\213\320\234\320\276\321\201\320\272\320\262\320\260\342\200\213Paris to\302\240quick "
      "50% e.g. #tag\342\200\203C++ K\342\200\213"},
     0,
     0.88888888888888884,
     74.286958809316104,
     0.9285714285714286,
     0.82926829268292679,
     0.90476190476190477},
    {"9.a \307\204 \342\221\240\011a/b 2-3\0121912\011'single' \342\200\230a\342\200\231 no\077\012quick "
     "9.a\012and  --\037",
     {"9.a \307\204 \342\221\240\011a/b 2-3\0121912\011'single' \342\200\230a\342\200\231 no\077\012quick "
      "9.a\012and  --\037"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"theory \330\247\331\204\331\203\330\252\330\247\330\250-\012A of\343\200\200K Paris\012#tag London",
     {"theory \330\247\331\204\331\203\330\252\330\247\330\250-\012A of\343\200\200K Paris\012#tag London"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"Stra\303\237e", {"\307\204", "Stra\303\237e", "10-12"}, 1, 1, 0, 1, 1, 1},
    {"\342\200\234the\342\200\235 fox to \307\204\342\200\213&quot;so&quot; "
     "\307\204\342\200\213&quot;so&quot; dog\011another-\012$9.99\302\240an's\037Stra\303\237e-\012fox $9.99 "
     "quick The 50% over don't\302\240na\303\257ve &quot;so&quot; it in no\077 "
     "\346\227\245\346\234\254\350\252\236 jumps \342\200\230a\342\200\231 on &lt;b&gt;\037Stra\303\237e "
     "it's [sic] 10-12 on\011quick",
     {"\042quoted\042-\01250% the\342\200\224cat \042quoted\042 50% end, "
      "\316\221\316\222\316\223\012the\342\200\224cat\037London\037you@home 9.a-\012a in "
      "the\342\200\203Z\303\274rich\037yes! x=y The\302\240it Paris  list: Seine lazy\302\240river "
      "the\0119.a (brackets) another sat  a\012U.S. don't London you@home\302\240",
      "fox dog to \307\204\342\200\213&quot;so&quot; "
      "dog\011another-\012$9.99\302\240an's\037Stra\303\237e-\012fox $9.99 The it\011the over "
      "don't\302\240na\303\257ve &quot;so&quot; it in no\077 \346\227\245\346\234\254\350\252\236 jumps "
      "10-12 on on\011quick it's [sic] \342\200\234the\342\200\235 \342\200\230a\342\200\231 "
      "&lt;b&gt;\037Stra\303\237e"},
     0,
     0.92537313432835833,
     63.678551223252882,
     0.91666666666666663,
     0.72340425531914898,
     0.72916666666666663},
    {"caf\303\251\302\240#tag\011",
     {"caf\303\251\302\240#tag\011", "theory-\01210-12\342\200\203"},
     1,
     1,
     0,
     1,
     1,
     1},
    {"50%", {"50%"}, 1, 1, 0, 1, 0, 1},
    {"Seine\342\200\203it's ...-\012London\342\200\203state-of-the-art\342\200\213",
     {"Seine\342\200\203it's ...-\012London\342\200\203state-of-the-art\342\200\213",
      "\342\200\234the\342\200\235 \346\227\245\346\234\254\350\252\236 "
      "10-12\342\200\203don't\011\342\200\234the\342\200\235",
      "caf\303\251\302\2405.-6 _under_ -- Z\303\274rich",
      "state-of-the-art\343\200\200river Seine \042quoted\042 5.-6"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"C++ x=y #tag\011",
     {"it \342\221\240 \342\205\247", "C++ x=y #tag\011"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"\342\221\240 e.g.\342\200\213Paris of lazy\012a\037another\342\200\21350% of of a lazy "
     "&quot;so&quot;\342\200\213\346\227\245\346\234\254\350\252\236 dog A\011yes!\037\357\254\201ne lazy "
     "no\077 \042quoted\042\0373.14\037",
     {"\342\221\240 e.g.\342\200\213Paris of lazy\012a\037another\342\200\21350% of a lazy "
      "&quot;so&quot;\342\200\213\346\227\245\346\234\254\350\252\236 dog A\011yes!\037\357\254\201ne lazy "
      "no\077 \042quoted\042\0373.14\037"},
     0,
     0.967741935483871,
     93.906577345696221,
     0.97872340425531912,
     0.97777777777777775,
     0.97872340425531912},
    {"list:  \360\237\231\202 a/b "
     "&-\012\320\234\320\276\321\201\320\272\320\262\320\260\342\200\203is\302\240an's an's is another brown "
     "--\343\200\200mat  `tick`\011Stra\303\237e\037it's "
     "\346\235\261\344\272\254\037\307\204\343\200\2009.a\012Stra\303\237e\302\240it'"
     "s\012the\342\200\224cat\343\200\200a/b was [sic] [sic] to of  is AN "
     "...\037in\302\240\330\247\331\204\331\203\330\252\330\247\330\250 the\342\200\213_under_",
     {"list:  \360\237\231\202 a/b "
      "&-\012\320\234\320\276\321\201\320\272\320\262\320\260\342\200\203is\302\240an's an's is another "
      "brown --\343\200\200mat  `tick`\011Stra\303\237e\037it's "
      "\346\235\261\344\272\254\037\307\204\343\200\2009.a\012Stra\303\237e\302\240it'"
      "s\012the\342\200\224cat\343\200\200a/b was [sic] to of  is AN "
      "...\037in\302\240\330\247\331\204\331\203\330\252\330\247\330\250 the\342\200\213_under_",
      "cat\342\200\203\316\221\316\222\316\223 "
      "7,8.\302\240dash-\342\200\213Paris\302\240#tag-\012\320\234\320\276\321\201\320\272\320\262\320\260 "
      "London the\342\200\224cat "
      "2-3\342\200\203\320\234\320\276\321\201\320\272\320\262\320\260-\012{set}\342\200\203Z\303\274rich "
      "Paris $9.99 a/b 5.-6 was \342\200\234the\342\200\235 it's-\012and &amp;\342\200\213lazy "
      "sat\302\240mat $9.99 <skipped>-\0121912\342\200\2137,8.\343\200\200AN AN [sic]\011on\343\200\2005.-6",
      "Paris\302\240\342\221\240 Paris a\343\200\200... 'single' \342\205\247 Seine "
      "an\037Stra\303\237e\037\042quoted\042\343\200\200London\342\200\213#tag\012was K don't fox "
      "\346\227\245\346\234\254\350\252\236 cat the "
      "the\012and\342\200\213don't\011\320\234\320\276\321\201\320\272\320\262\320\260 #tag "
      "list:\342\200\203an\343\200\200fox-\012sat \316\221\316\222\316\223 10-12 & \342\221\240 "
      "\304\260stanbul\011",
      "a [sic] over it\011end,\342\200\203you@home\011-dash Paris\342\200\213dash- --\342\200\2031912 "
      "list:\011state-of-the-art \342\200\230a\342\200\231 of\302\240an $9.99 "
      "{set}\342\200\203\307\204\342\200\213wait; na\303\257ve\343\200\200'single' 7,8. no\077 -- "
      "\342\205\247-\012cat and\0121,234 jumps\342\200\213\360\237\231\202 no\077 and x=y"},
     0,
     0.98305084745762705,
     94.056399693320245,
     0.98630136986301375,
     0.98591549295774639,
     0.98630136986301375},
    {"\342\221\240 &amp;\011",
     {"was \342\221\240 &amp;\011", "Stra\303\237e the\342\200\224cat\01150%",
      "50% is \342\200\234the\342\200\235", "fox\342\200\2039.a &\342\200\213"},
     0,
     0.80000000000000004,
     0,
     0.66666666666666663,
     0,
     0.66666666666666663},
    {"an's\342\200\213",
     {"an's\342\200\213", "\342\200\230a\342\200\231\011", "\342\221\240\342\200\213", "x=y\037"},
     1,
     1,
     0,
     1,
     1,
     1},
    {"end, it's #tag 7,8.\342\200\213\042quoted\042 "
     "and-\012\304\260stanbul\012`tick`\012na\303\257ve-\012brown\302\240 end.   end.",
     {"end, &amp; #tag 7,8.\342\200\213\042quoted\042 end. end.  it's "
      "and-\012\304\260stanbul\012`tick`\012na\303\257ve-\012brown\302\240"},
     0,
     0.95652173913043481,
     65.661379368911199,
     0.96969696969696972,
     0.77419354838709686,
     0.72727272727272718},
    {"can\012-- na\303\257ve\012U.S. is 9.a river 'single' quick\342\200\203\346\235\261\344\272\254 "
     "fox\037&amp; 9.a\037&lt;b&gt;\037(brackets)\011of \304\260stanbul dash- end,  a",
     {"can\012-- na\303\257ve\012U.S. is 9.a river \342\200\234the\342\200\235 'single' "
      "quick\342\200\203\346\235\261\344\272\254 fox\037&amp; 9.a\037&lt;b&gt;\037(brackets)\011of "
      "\304\260stanbul dash- end,  a",
      "sat Paris was and -dash\037end, x\302\262 #tag <skipped> 9.a\342\200\203...\037end. "
      "\320\234\320\276\321\201\320\272\320\262\320\260 <skipped>\342\200\203\342\205\247\011wait; x\302\262 "
      "\042quoted\042 Stra\303\237e list:\302\240you@home\037",
      "over 'single' no\077 Stra\303\237e \342\221\240 \316\221\316\222\316\223 \342\200\234the\342\200\235 "
      "you@home\011(brackets)\342\200\203\316\221\316\222\316\223 state-of-the-art another "
      "\330\247\331\204\331\203\330\252\330\247\330\250 \316\221\316\222\316\223\302\240end.\343\200\200e.g. "
      "mat\342\200\203{set} (brackets)\342\200\213lazy `tick`\342\200\213"},
     0,
     0.94736842105263164,
     94.862140916645913,
     0.98039215686274506,
     0.93877551020408168,
     0.98039215686274506},
    {"is U.S.  the\342\200\224cat {set}  you@home quick\343\200\200state-of-the-art don't  "
     "\342\200\230a\342\200\231 on on \342\221\240 (brackets)",
     {"is  a  &quot;so&quot;\037quick {set}  you@home quick\343\200\200state-of-the-art don't  "
      "\346\235\261\344\272\254 an on (brackets)"},
     0,
     0.64000000000000001,
     44.231933624679719,
     0.73684210526315785,
     0.55555555555555558,
     0.68421052631578949},
    {"&lt;b&gt; Seine\302\240\304\260stanbul",
     {"Seine\302\240\304\260stanbul &lt;b&gt;"},
     0,
     1,
     49.999999999999993,
     1,
     0.80000000000000016,
     0.5},
    {"K a", {"dog an's\012", "K a", "{set}\012a"}, 1, 1, 0, 1, 1, 1},
    {"Seine 5.-6 it's of mat the\342\200\224cat cat to",
     {"theory x\302\262 theory\342\200\213no\077\302\240mat-\0127,8. `tick` you@home",
      "[sic]\343\200\200\042quoted\042\342\200\2035.-6  the &-\012no\077 \042quoted\042\342\200\2035.-6",
      "mat can quick \342\205\247 \342\200\234the\342\200\235 $9.99\037(brackets) -dash\011",
      "Seine 5.-6 it's of mat the\342\200\224cat cat to"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"-dash wait; it's\037<skipped> it's\037<skipped> 9.a",
     {"-dash it's\037<skipped> wait; 9.a"},
     0,
     0.83333333333333326,
     28.117066259517458,
     0.82352941176470584,
     0.40000000000000002,
     0.70588235294117641},
    {"\342\221\240",
     {"in don't", "U.S. \342\221\240", "&amp;\302\240\342\205\247"},
     0,
     0.66666666666666663,
     0,
     0,
     0,
     0},
    {"wait; 9.a\011Seine end.\012&quot;so&quot;\0127,8. was C++\343\200\200&quot;so&quot;\012x=y "
     "5.-6\342\200\203A\012it's \316\221\316\222\316\223 &\342\200\213x\302\262 "
     "\346\227\245\346\234\254\350\252\236 \357\254\201ne-\012&lt;b&gt; $9.99 \316\221\316\222\316\223",
     {"river\012\307\204\011to\037dog\011end. it's end,\011A AN  Z\303\274rich is 1912 "
      "\316\221\316\222\316\223 Seine 3.14 Seine\342\200\203_under_ K _under_ \342\200\234the\342\200\235 A",
      "U.S.\342\200\213&quot;so&quot;  e.g.\342\200\213sat sat \342\200\230a\342\200\231 jumps\0115.-6 "
      "another\011of #tag  dog\342\200\203\330\247\331\204\331\203\330\252\330\247\330\250 & quick  "
      "The\037\342\221\240\011sat\011&quot;so&quot; Paris\342\200\213and\342\200\213"},
     0,
     0.21052631578947367,
     9.8918459417547577,
     0.37037037037037041,
     0.19230769230769229,
     0.22222222222222224},
    {"cat the\342\200\224cat-\01210-12",
     {"over x=y the\302\240", "cat the\342\200\224cat-\01210-12"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"-dash\342\200\203---\012London 7,8. x=y and in Seine &amp; fox\343\200\200x\302\262 "
     "...\012\357\254\201ne",
     {"\357\254\201ne \304\260stanbul\342\200\203(brackets)\302\2407,8.\342\200\203(brackets) "
      "can\012&quot;so&quot;\342\200\203\342\221\240 an's \357\254\201ne-\0129.a\343\200\2002-3 C++\011",
      "\304\260stanbul jumps &amp;\011\346\227\245\346\234\254\350\252\236 yes! quick "
      "don't\342\200\213#tag\302\240\307\204 AN e.g. and jumps",
      "-dash\342\200\203---\012London 7,8. x=y and in brown fox\343\200\200x\302\262 &amp; "
      "...\012\357\254\201ne"},
     0,
     0.90909090909090906,
     67.836494109617902,
     0.92307692307692313,
     0.66666666666666663,
     0.84615384615384615},
    {"a/b to\037\346\235\261\344\272\254 yes!\343\200\200mat\343\200\200",
     {"jumps 2-3\342\200\203(brackets)  you@home A",
      "and  7,8.-\012the\012$9.99\302\240\346\227\245\346\234\254\350\252\236",
      "Seine\011caf\303\251\342\200\203\346\235\261\344\272\254 The\342\200\213over"},
     0,
     0.22222222222222224,
     5.5223977835394713,
     0.16666666666666666,
     0,
     0.16666666666666666},
    {"3.14\343\200\200 fox\012K\037mat\342\200\203-dash",
     {"fox\012K\037mat\342\200\203-dash 3.14\343\200\200"},
     0,
     1,
     70.710678118654783,
     1,
     0.80000000000000016,
     0.66666666666666663},
    {"\357\254\201ne a/b",
     {"\357\254\201ne a/b", "wait; e.g.", "-- another"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"9.a", {"Z\303\274rich", "9.a"}, 1, 1, 0, 1, 1, 1},
    {"U.S. a x\302\262 Z\303\274rich\011...\302\240\342\221\240\343\200\200Seine\037river-\012an "
     "U.S.\011list:-\0123.14\342\200\213quick\342\200\213",
     {"(brackets) river sat\302\240\346\227\245\346\234\254\350\252\236 [sic]\342\200\213K lazy 1,234 "
      "a\0111,234\342\200\213\342\205\247 The\037-dash",
      "... dash-\302\240&amp; brown\037C++ in  na\303\257ve  \342\205\247 it\342\200\203no\077 and "
      "don't\342\200\203fox\037",
      "quick brown\012\360\237\231\202 'single' \342\200\234the\342\200\235\0121,234 fox \342\221\240 "
      "&\011'single'  state-of-the-art 1,234 \346\227\245\346\234\254\350\252\236\342\200\213",
      "U.S. a x\302\262 Z\303\274rich\011...\302\240\342\221\240\343\200\200Seine\037river-\012an "
      "U.S.\011list:-\0123.14\342\200\213quick\342\200\213"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"A ...", {"caf\303\251 jumps", "-dash ..."}, 0, 0, 59.460355750136046, 0, 0, 0},
    {"K\343\200\200cat `tick`\342\200\213Seine can _under_\011'single'\343\200\200Paris-\012",
     {"50%-\012the x\302\262\011wait; &amp; \316\221\316\222\316\223\011\342\200\234the\342\200\235\0113.14"},
     0,
     0,
     0,
     0,
     0,
     0},
    {"\304\260stanbul\343\200\200an of-\012A don't  \360\237\231\202 50%\343\200\200dog and  'single' x=y "
     "was\011\320\234\320\276\321\201\320\272\320\262\320\260\011",
     {"\304\260stanbul\343\200\200an of-\012A don't  \360\237\231\202 50%\343\200\200dog and  'single' x=y "
      "was\011\320\234\320\276\321\201\320\272\320\262\320\260\011"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"x\302\262 #tag Stra\303\237e can C++ \342\200\230a\342\200\231 1912\011don't\037it an "
     "London-\012over-\012brown The  5.-6 <skipped> 50%\342\200\203dash--\012$9.99 -dash "
     "\342\200\234the\342\200\235 \342\200\234the\342\200\235 an yes! cat "
     "na\303\257ve\302\240Paris\011&amp;\012state-of-the-art  \342\221\240\343\200\200in",
     {"x\302\262 #tag Stra\303\237e can no\077\342\200\213---\012x\302\262 \342\200\230a\342\200\231 "
      "1912\011don't\037it no\077\343\200\200a C++ London-\012over-\012brown The  5.-6 <skipped> "
      "50%\342\200\203dash--\012$9.99 -dash \342\200\234the\342\200\235 an yes! cat "
      "na\303\257ve\302\240Paris\011&amp;\012state-of-the-art  \342\221\240\343\200\200in"},
     0,
     0.92063492063492058,
     69.350045617351014,
     0.92307692307692313,
     0.84210526315789469,
     0.89743589743589747},
    {"the\342\200\224cat dog\302\240",
     {"the\342\200\224cat dog\302\240", "\346\235\261\344\272\254 in\012", "mat\011yes!\342\200\203",
      "2-3  Seine"},
     1,
     1,
     0,
     1,
     1,
     1},
    {"'single' 10-12\343\200\200dog\302\240mat <skipped> U.S.\302\240#tag\342\200\213London\037#tag  "
     "don't\342\200\203(brackets)\302\240&amp;\343\200\2001,234\342\200\203over\343\200\200$9.99 it "
     "caf\303\251 the\342\200\224cat\302\240brown\343\200\200\360\237\231\202\342\200\213wait;\302\240",
     {"'single' 10-12\343\200\200dog\302\240mat <skipped> U.S.\302\240#tag\342\200\213London\037#tag  "
      "don't\342\200\203(brackets)\302\240&amp;\343\200\2001,234\342\200\203over\343\200\200$9.99 it "
      "caf\303\251 the\342\200\224cat\302\240brown\343\200\200\360\237\231\202\342\200\213wait;\302\240"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"of a it\037",
     {"Paris  in\343\200\200x=y",
      "(brackets) \320\234\320\276\321\201\320\272\320\262\320\260\343\200\200x=y", "is can jumps",
      "the\342\200\224cat `tick` Z\303\274rich"},
     0,
     0,
     0,
     0,
     0,
     0},
    {"and x=y\302\240", {"&amp;\342\200\2031912", "and x=y\302\240"}, 1, 1, 100.00000000000004, 1, 1, 1},
    {"3.14", {"--", "3.14"}, 1, 1, 0, 1, 1, 1},
    {"\304\260stanbul\343\200\200theory  [sic]\342\200\213",
     {"\304\260stanbul\343\200\200theory  [sic]\342\200\213"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"9.a-\012it\302\240\346\227\245\346\234\254\350\252\236 \357\254\201ne to\011",
     {"9.a-\012it\302\240\346\227\245\346\234\254\350\252\236 \357\254\201ne to\011"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"over \346\235\261\344\272\254 end, na\303\257ve mat\012\346\227\245\346\234\254\350\252\236 "
     "\346\227\245\346\234\254\350\252\236\037Seine \346\227\245\346\234\254\350\252\236\037Seine",
     {"over \346\235\261\344\272\254 end, na\303\257ve mat\012\346\227\245\346\234\254\350\252\236 "
      "\346\227\245\346\234\254\350\252\236\037Seine"},
     0,
     0.88888888888888895,
     78.607530215197812,
     0.92307692307692302,
     0.90909090909090906,
     0.92307692307692302},
    {"\316\221\316\222\316\223 don't & <skipped> of a theory\011it's 9.a no\077\0377,8. a/b &quot;so&quot; "
     "fox The Paris \307\204 river",
     {"caf\303\251 _under_\342\200\213\330\247\331\204\331\203\330\252\330\247\330\250  A "
      "&amp;\342\200\203you@home\012\342\205\247\342\200\203on\343\200\200K London caf\303\251  end. [sic] "
      "it's no\077 \042quoted\042  an\037'single'\012\346\227\245\346\234\254\350\252\236 \342\205\247 jumps",
      "\316\221\316\222\316\223 don't \307\204 <skipped> of a/b theory\011it's 9.a no\077\0377,8. a "
      "&quot;so&quot; fox The another\037... Paris & river can",
      "a/b \320\234\320\276\321\201\320\272\320\262\320\260 the\343\200\2009.a "
      "it\012-dash\342\200\203#tag\302\240\042quoted\042-\0123.14-\012x\302\262 a an\342\200\203cat\012an "
      "&lt;b&gt; &\011in it's\342\200\203of-\012#tag\037The"},
     0,
     0.9375,
     51.052713852543086,
     0.95652173913043481,
     0.81818181818181823,
     0.91304347826086951},
    {"the\342\200\224cat\343\200\200Paris\342\200\2032-3",
     {"the\342\200\224cat\343\200\200Paris\342\200\2032-3", "9.a e.g.\342\200\203--"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"\342\200\234the\342\200\235 e.g.\342\200\213sat",
     {"\342\200\234the\342\200\235 e.g.\342\200\213sat"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"\330\247\331\204\331\203\330\252\330\247\330\250 you@home\302\240_under_\302\240cat\342\200\203",
     {"\330\247\331\204\331\203\330\252\330\247\330\250 $9.99 "
      "you@home\302\240_under_\302\240cat\342\200\203"},
     0,
     0.88888888888888895,
     67.712191097648642,
     0.80000000000000004,
     0.74999999999999989,
     0.80000000000000004},
    {"can\342\200\213", {"can\342\200\213", "an's\343\200\200", "K\302\240"}, 1, 1, 0, 1, 0, 1},
    {"lazy Paris\342\200\213", {"lazy Paris\342\200\213", "theory 50%"}, 1, 1, 0, 1, 1, 1},
    {"can it's [sic] 50%\037an <skipped>\342\200\203cat\037jumps \342\200\234the\342\200\235 "
     "-dash\343\200\200lazy Stra\303\237e\011_under_",
     {"\342\200\234the\342\200\235 it's [sic] 50%\037an <skipped>\342\200\203cat\037jumps can "
      "-dash\343\200\200lazy Stra\303\237e\011_under_"},
     0,
     1,
     78.67012086133775,
     1,
     0.7857142857142857,
     0.8666666666666667},
    {"Paris #tag of AN\343\200\200`tick`\342\200\203\342\221\240\011K over\342\200\203brown x=y \342\221\240 "
     " _under_\342\200\213quick _under_\342\200\213quick _under_\342\200\213quick wait; "
     "\320\234\320\276\321\201\320\272\320\262\320\260 \320\234\320\276\321\201\320\272\320\262\320\260 "
     "dash- {set} 3.14 9.a",
     {"C++\342\200\203-dash Paris over\342\200\203brown of AN\343\200\200`tick`\342\200\203\342\221\240\011K "
      "#tag x=y \342\221\240  {set} wait; \320\234\320\276\321\201\320\272\320\262\320\260 9.a dash- "
      "_under_\342\200\213quick  \320\234\320\276\321\201\320\272\320\262\320\260"},
     0,
     0.87179487179487181,
     37.770572422812712,
     0.80952380952380953,
     0.35000000000000003,
     0.47619047619047616},
    {"1912", {"1912"}, 1, 1, 0, 1, 0, 1},
    {"over  river <skipped>\302\240\346\227\245\346\234\254\350\252\236\342\200\203\342\200\230a\342\200\231 "
     "&quot;so&quot; -dash Stra\303\237e -dash Z\303\274rich it's $9.99 "
     "quick\012\346\227\245\346\234\254\350\252\236 x\302\262 cat\037don't of the\342\200\224cat "
     "{set}\012U.S.-\012theory  on \346\227\245\346\234\254\350\252\236 Z\303\274rich no\077  Z\303\274rich "
     "Seine \342\221\240\011of the\342\200\224cat an was-\012another",
     {"7,8. the\342\200\224cat\342\200\203river quick can ...  lazy mat  "
      "\320\234\320\276\321\201\320\272\320\262\320\260-\012\320\234\320\276\321\201\320\272\320\262\320\260 "
      "A\342\200\203river\302\240was\012$9.99 K Seine  x=y na\303\257ve\037to\302\240caf\303\251 "
      "#tag\342\200\213it'"
      "s\342\200\203Z\303\274rich\342\200\203\320\234\320\276\321\201\320\272\320\262\320\260 can "
      "it\012no\077\037you@home AN and-\012over\011yes!\012&amp; 'single'",
      "A\342\200\21350%\343\200\200Stra\303\237e\037it "
      "x\302\262\342\200\203The\012river-\012the\342\200\224cat 9.a [sic]\011of\012over end,\037The 10-12 "
      "\316\221\316\222\316\223 9.a -dash Paris a &quot;so&quot; can A\342\200\203\342\221\240 "
      "in\302\24050%\037\346\227\245\346\234\254\350\252\236\012...\342\200\213Z\303\274rich brown theory a "
      "state-of-the-art\342\200\213brown",
      "x=y 5.-6\342\200\203\360\237\231\202 it $9.99 [sic]\343\200\200_under_ {set} "
      "quick\302\240C++\037caf\303\251 to &\012-dash &quot;so&quot;\343\200\200you@home cat "
      "brown\343\200\200no\077 -dash cat list: \342\205\247\01110-12 end, an\342\200\203dog\012Stra\303\237e "
      "end, of a/b theory \346\227\245\346\234\254\350\252\236 na\303\257ve\011",
      "over  river "
      "<skipped>\302\240\346\227\245\346\234\254\350\252\236\342\200\203\342\200\230a\342\200\231 "
      "&quot;so&quot; -dash Stra\303\237e -dash Z\303\274rich it's $9.99 "
      "quick\012\346\227\245\346\234\254\350\252\236 x\302\262 cat\037don't of the\342\200\224cat "
      "{set}\012U.S.-\012theory  on \346\227\245\346\234\254\350\252\236 Z\303\274rich no\077  Z\303\274rich "
      "Seine \342\221\240\011of the\342\200\224cat an was-\012another"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"fox\343\200\200a/b\011&amp; fox\343\200\200a/b\011&amp; it\302\240(brackets)",
     {"fox\343\200\200a/b\011&amp; it\302\240(brackets)"},
     0,
     0.76923076923076927,
     59.564035927180903,
     0.74999999999999989,
     0.7142857142857143,
     0.74999999999999989},
    {"an <skipped>\342\200\213&lt;b&gt;-\012 <skipped>\342\200\213&lt;b&gt;-\012",
     {"an <skipped>\342\200\213&lt;b&gt;-\012", "1,234 don't-\012theory-\012"},
     0,
     0.66666666666666663,
     51.697315395717055,
     0.7142857142857143,
     0.66666666666666663,
     0.7142857142857143},
    {"\342\205\247\343\200\200wait;", {"\342\205\247\343\200\200wait;"}, 1, 1, 0, 1, 0, 1},
    {"\320\234\320\276\321\201\320\272\320\262\320\260",
     {"\320\234\320\276\321\201\320\272\320\262\320\260", "Z\303\274rich"},
     1,
     1,
     0,
     0,
     0,
     0},
    {"river\012dog\302\240theory\037you@home you@home\342\200\213\307\204 it "
     "fox\302\240it's\343\200\200sat\343\200\200\346\235\261\344\272\254 an's an's (brackets) "
     "list:\037\346\235\261\344\272\254\343\200\200\346\235\261\344\272\254\342\200\2131912 on",
     {"...-\012river \316\221\316\222\316\223-\012over-\012&quot;so&quot;  A  over an's-\012\307\204 "
      "\042quoted\042 it-\012fox\342\200\213Z\303\274rich an's "
      "caf\303\251\012\346\227\245\346\234\254\350\252\236 over x\302\262\037`tick`\342\200\203The it",
      "'single' 50%\302\240x\302\262 \346\227\245\346\234\254\350\252\236\342\200\203Seine "
      "5.-6\343\200\200dash-\012e.g.\342\200\213_under_ e.g. cat another\343\200\200&lt;b&gt; C++  don't "
      "&lt;b&gt;\342\200\213cat -dash\011\342\205\247 3.14 \330\247\331\204\331\203\330\252\330\247\330\250",
      "river\012dog\302\240theory\037you@home you@home\342\200\213\307\204 it "
      "fox\302\240it's\343\200\200sat\343\200\200\346\235\261\344\272\254 an's mat an's [sic]\302\240C++ "
      "list:\037\346\235\261\344\272\254\343\200\200\346\235\261\344\272\254\342\200\2131912 on",
      "end, an's-\012of-\012`tick`\342\200\213state-of-the-art\037\357\254\201ne\342\200\2137,8. "
      "1,234-\012(brackets)\343\200\200'single' ... K\01250% {set} wait;\012\346\235\261\344\272\254 "
      "The\343\200\200-- on &amp; to"},
     0,
     0.88888888888888884,
     78.471812147128475,
     0.90476190476190477,
     0.80000000000000004,
     0.90476190476190477},
    {"the\342\200\224cat it   \042quoted\042\012a\342\200\203mat\012",
     {"the\342\200\224cat it  \042quoted\042\012a\342\200\203mat\012"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"& end,", {"& end,"}, 1, 1, 0, 1, 0, 1},
    {"\357\254\201ne \357\254\201ne mat `tick`\342\200\203",
     {"x\302\262 x=y  `tick`\037", "\357\254\201ne mat `tick`\342\200\203",
      "\330\247\331\204\331\203\330\252\330\247\330\250\0113.14\012na\303\257ve"},
     0,
     0.8571428571428571,
     75.98356856515926,
     0.8571428571428571,
     0.80000000000000004,
     0.8571428571428571},
    {"U.S.\037mat A AN is a an (brackets) 10-12\012\304\260stanbul\011on\342\200\203lazy 10-12 5.-6\011C++ "
     "\346\235\261\344\272\254 mat\011an  another\037",
     {"fox\012London 2-3 fox\037it state-of-the-art na\303\257ve 1,234\302\240end.  you@home `tick`  mat "
      "Z\303\274rich an's  \304\260stanbul-\0129.a 50%\342\200\203in\0377,8. 1,234 in",
      "U.S.\037mat A AN a/b\012was is a &amp; 10-12\012\304\260stanbul\011on\342\200\203lazy 10-12 "
      "(brackets) 5.-6\011C++ \346\235\261\344\272\254 mat\011an  another\037"},
     0,
     0.90322580645161288,
     75.987662176604502,
     0.8979591836734695,
     0.72340425531914909,
     0.85714285714285721},
    {"Z\303\274rich 9.a\037\307\204 a U.S. K of caf\303\251",
     {"& to lazy &lt;b&gt; a Seine\302\240the The"},
     0,
     0,
     3.0890553181566975,
     0.10526315789473685,
     0,
     0.10526315789473685},
    {"jumps\037dash- &amp;\343\200\200-dash you@home\302\240",
     {"jumps\037dash- &amp;\343\200\200-dash you@home\302\240"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"--\342\200\213can\037can 7,8.\037...\302\240an\343\200\200on `tick`\302\240a/b\302\240no\077 "
     "Stra\303\237e 'single' #tag",
     {"--\342\200\213can\037can 7,8.\037...\302\240an\343\200\200on `tick`\302\240a/b\302\240no\077 "
      "Stra\303\237e 'single' #tag"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"of The", {"of The"}, 1, 1, 0, 1, 1, 1},
    {"wait; yes! ...\343\200\200\342\205\247  K K\343\200\200was\342\200\203e.g. C++ "
     "Z\303\274rich\012AN\012-dash jumps\012K #tag cat _under_ \307\204 \342\205\247\012quick theory",
     {"wait; yes! ...\343\200\200\342\205\247  K K\343\200\200was\342\200\203e.g. C++ "
      "Z\303\274rich\012AN\012-dash jumps\012K #tag cat _under_ \307\204 \342\205\247\012quick theory"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"U.S. &lt;b&gt;\011A\342\200\203",
     {"U.S. &lt;b&gt;\011A\342\200\203"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"2-3 \042quoted\042",
     {"end. x\302\262\037", "1,234 50%-\012", "state-of-the-art na\303\257ve\343\200\200",
      "2-3 \042quoted\042"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"theory lazy 'single'\342\200\203 (brackets)\342\200\203jumps\037x=y\302\240#tag",
     {"7,8. 5.-6\037--\012don't\302\240sat\302\240C++\011\342\221\240\011brown\037",
      "&amp; theory lazy (brackets)\342\200\203jumps\037x=y\302\240#tag 'single'\342\200\203"},
     0,
     0.93333333333333335,
     78.607530215197883,
     0.94117647058823528,
     0.66666666666666663,
     0.82352941176470595},
    {"the", {"the"}, 1, 1, 0, 1, 0, 1},
    {"list: A\01250% to brown\342\200\213... _under_\342\200\203... is \346\235\261\344\272\254 "
     "\346\235\261\344\272\254 Paris-\012end. theory\343\200\200yes! 5.-6 50% #tag\012is  theory "
     "na\303\257ve\342\200\203na\303\257ve",
     {"50% mat\011\320\234\320\276\321\201\320\272\320\262\320\260\343\200\200e.g. $9.99\342\200\213-- "
      "_under_ end, -dash & <skipped> to  _under_  \342\221\240\342\200\203{set} 10-12\011Paris 1,234 -dash "
      "The 50%\343\200\200",
      "A "
      "brown\302\240\346\227\245\346\234\254\350\252\236\343\200\200\304\260stanbul\343\200\200\316\221\316"
      "\222\316\223 it's K  e.g. a/b cat\343\200\200\320\234\320\276\321\201\320\272\320\262\320\260 --  "
      "an's end, [sic] cat -dash Paris x\302\262\302\240\304\260stanbul quick",
      "5.-6 A\01250% A brown\342\200\213... _under_\342\200\203... is \346\235\261\344\272\254 "
      "Paris-\012end. na\303\257ve\342\200\203na\303\257ve list: 50% #tag\012is  theory "
      "theory\343\200\200yes!",
      "&quot;so&quot; is #tag\037the\012jumps \320\234\320\276\321\201\320\272\320\262\320\260 e.g. "
      "na\303\257ve\302\240the\342\200\224cat and _under_ &quot;so&quot;-\012list:-\012lazy\011over "
      "(brackets) dash-\342\200\213you@home in 3.14\037-dash\011"},
     0,
     0.94444444444444442,
     62.434377239484981,
     0.95238095238095233,
     0.65000000000000002,
     0.52380952380952384},
    {"`tick` an's\012na\303\257ve\012state-of-the-art \346\235\261\344\272\254\342\200\213C++ "
     "\342\200\234the\342\200\235 state-of-the-art e.g. is\343\200\200'single' no\077\011end, "
     "A\012\042quoted\042\342\200\213the\342\200\224cat Paris\343\200\200na\303\257ve "
     "dash-\012an\302\240cat\342\200\213_under_\342\200\213brown caf\303\251\011\304\260stanbul "
     "\320\234\320\276\321\201\320\272\320\262\320\260\012no\077 brown cat\012\316\221\316\222\316\223 "
     "cat\012\316\221\316\222\316\223 to A\037an's \304\260stanbul \304\260stanbul",
     {"`tick` an's\012na\303\257ve\012state-of-the-art \346\235\261\344\272\254\342\200\213C++ "
      "\342\200\234the\342\200\235 state-of-the-art e.g. is\343\200\200'single' no\077\011end, "
      "A\012\042quoted\042\342\200\213the\342\200\224cat Paris\343\200\200na\303\257ve "
      "dash-\012an\302\240cat\342\200\213_under_\342\200\213brown caf\303\251\011\304\260stanbul "
      "\320\234\320\276\321\201\320\272\320\262\320\260\012no\077 brown  cat\012\316\221\316\222\316\223 to "
      "A\037an's \304\260stanbul"},
     0,
     0.95081967213114749,
     93.131120105959653,
     0.967741935483871,
     0.96703296703296704,
     0.967741935483871},
    {"it\302\240AN U.S. is \342\200\234the\342\200\235 on in  yes!",
     {"it\302\240AN U.S. is \342\200\234the\342\200\235 on in  yes!"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"&", {"& sat"}, 0, 0, 0, 0, 0, 0},
    {"50%\343\200\200&amp;  \307\204 Z\303\274rich no\077 no\077 #tag\342\200\203jumps in over "
     "\304\260stanbul\343\200\200state-of-the-art the the the it's was  "
     "1912\342\200\213and\011e.g.\011the\342\200\224cat -dash 50% \360\237\231\202 _under_ dog "
     "\316\221\316\222\316\223\302\240jumps 50%\343\200\200&amp; no\077 a/b  "
     "\342\200\230a\342\200\231\037Z\303\274rich K\343\200\200",
     {"no\077  #tag\342\200\203jumps Z\303\274rich no\077 a \307\204 in over "
      "\304\260stanbul\343\200\200state-of-the-art the it's was  "
      "1912\342\200\213and\011e.g.\011the\342\200\224cat -dash 50% \360\237\231\202 dog "
      "\316\221\316\222\316\223\302\240jumps 50%\343\200\200&amp; a/b quick\0127,8.\342\200\203in\302\240is  "
      "\342\200\230a\342\200\231\037Z\303\274rich K\343\200\200"},
     0,
     0.875,
     57.677080090511645,
     0.8571428571428571,
     0.75609756097560987,
     0.7857142857142857},
    {"$9.99 it's\342\200\213jumps was of theory\342\200\203was-\012{set} is\011[sic] "
     "\316\221\316\222\316\223 end. AN \320\234\320\276\321\201\320\272\320\262\320\260 "
     "\346\235\261\344\272\254 x=y 2-3 C++ is end.\343\200\200\342\200\234the\342\200\235\012\304\260stanbul "
     "end.\343\200\200\342\200\234the\342\200\235\012\304\260stanbul",
     {"$9.99 it's\342\200\213jumps was of theory\342\200\203was-\012{set} is\011[sic] the\342\200\224cat "
      "end. AN \320\234\320\276\321\201\320\272\320\262\320\260 \346\235\261\344\272\254 x=y 2-3 C++ "
      "end.\343\200\200\342\200\234the\342\200\235\012\304\260stanbul"},
     0,
     0.84444444444444444,
     74.812354585220319,
     0.90566037735849036,
     0.78431372549019607,
     0.86792452830188671},
    {"The", {"The", "K\012", "A", "A"}, 1, 1, 0, 1, 0, 1},
    {"can", {"London-\012", "can", "x=y"}, 1, 1, 0, 1, 0, 1},
    {"K AN-\012U.S.\343\200\200mat <skipped>  -dash it\012end.\012[sic] -dash\342\200\203of A -dash "
     "lazy\302\240\330\247\331\204\331\203\330\252\330\247\330\250\343\200\200Paris 9.a 2-3\0111,234 "
     "state-of-the-art",
     {"another was\011caf\303\251\302\240the don't {set}\037cat \346\235\261\344\272\254 mat -dash "
      "na\303\257ve Seine state-of-the-art 3.14  1,234 an\342\200\213Stra\303\237e  cat-\012can "
      "list:\302\240Paris\343\200\200",
      "K AN-\012U.S.\343\200\200mat <skipped>  -dash it\012end.\012[sic] -dash\342\200\203of A -dash "
      "lazy\302\240\330\247\331\204\331\203\330\252\330\247\330\250\343\200\200Paris 9.a AN 2-3\0111,234 "
      "state-of-the-art",
      "#tag\012cat \320\234\320\276\321\201\320\272\320\262\320\260 "
      "2-3\011`tick`\343\200\200\342\205\247\343\200\200&amp; dog  wait; London\037cat\012it dash- on  9.a "
      "a/b the\342\200\224cat -dash\037a AN fox"},
     1,
     1,
     90.744856920100531,
     0.98113207547169812,
     0.94117647058823528,
     0.98113207547169812},
    {"[sic] x=y-\0123.14\037&lt;b&gt;\012fox 3.14\012London end. "
     "\304\260stanbul-\012`tick`\342\200\213<skipped> \342\221\240 the\342\200\224cat London e.g. `tick` "
     "caf\303\251\342\200\213dog caf\303\251\342\200\213dog list: AN\012\357\254\201ne\342\200\213cat London "
     "&lt;b&gt;\342\200\213\342\221\240\343\200\200another "
     "&lt;b&gt;\342\200\213\342\221\240\343\200\200another 1912 caf\303\251 \357\254\201ne state-of-the-art "
     "state-of-the-art  The The",
     {"[sic] \304\260stanbul-\012`tick`\342\200\213<skipped> 3.14\012London end. A "
      "x=y-\0123.14\037&lt;b&gt;\012fox London the\342\200\224cat London e.g. \342\221\240 "
      "caf\303\251\342\200\213dog list: AN\012\357\254\201ne\342\200\213cat `tick` "
      "&lt;b&gt;\342\200\213\342\221\240\343\200\200another 1912 caf\303\251 \357\254\201ne state-of-the-art "
      "7,8.  list: The"},
     0,
     0.8928571428571429,
     56.497531446901192,
     0.84848484848484851,
     0.65979381443298968,
     0.66666666666666663},
    {"\042quoted\042\302\240on x=y x=y 7,8.\343\200\200lazy `tick`\342\200\213end,\343\200\2001912-\012-- "
     "sat 50% in",
     {"\042quoted\042\302\240on x=y 7,8.\343\200\200lazy `tick`\342\200\213end,\343\200\2001912-\012-- sat "
      "yes! in of",
      "theory 50%-\012it sat river\011river\343\200\200it\342\200\213no\077 on end, &quot;so&quot; an AN"},
     0,
     0.81818181818181823,
     78.227752787157456,
     0.82758620689655182,
     0.74074074074074081,
     0.82758620689655182},
    {"5.-6\302\240caf\303\251\343\200\200jumps\343\200\200C++\0115.-6",
     {"-dash 5.-6 London a/b theory", "5.-6\302\240caf\303\251\343\200\200jumps\343\200\200C++\0115.-6",
      "C++ \330\247\331\204\331\203\330\252\330\247\330\250\343\200\200&amp;\343\200\200C++  over\011"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"e.g.\342\200\203the on was you@home \342\200\230a\342\200\231 river cat C++\011&quot;so&quot; "
     "wait;\012theory  jumps\011an's lazy\037Seine river -dash\037(brackets) another\302\240<skipped>",
     {"$9.99 <skipped>\302\240'single'\342\200\213quick river na\303\257ve is 2-3 'single' $9.99 "
      "don't\011on\012\342\200\234the\342\200\235\302\240mat\342\200\213&lt;b&gt; \342\221\240 "
      "\346\235\261\344\272\254\343\200\200U.S. \307\204\343\200\200The fox\037"},
     0,
     0.14999999999999999,
     1.6404472625060698,
     0.19230769230769232,
     0,
     0.076923076923076927},
    {"50%", {"fox\012", "50%", "$9.99\302\240"}, 1, 1, 0, 1, 0, 1},
    {"1912",
     {"1912 \342\200\234the\342\200\235\342\200\2037,8."},
     0,
     0.40000000000000002,
     0,
     0.40000000000000002,
     0,
     0.40000000000000002},
    {"1912\012", {"1912\012", "&"}, 1, 1, 0, 1, 0, 1},
    {"x\302\262\342\200\203it",
     {"x\302\262\342\200\203it", "a/b \316\221\316\222\316\223\037"},
     1,
     1,
     0,
     1,
     1,
     1},
    {"x\302\262 of K &lt;b&gt; \346\227\245\346\234\254\350\252\236 theory in",
     {"x\302\262 of K &lt;b&gt; \346\227\245\346\234\254\350\252\236 theory in \307\204",
      "\042quoted\042 _under_ \316\221\316\222\316\223  a A-\0123.14\037na\303\257ve C++"},
     0,
     0.93333333333333335,
     89.483931681436999,
     1,
     1,
     1},
    {"`tick`", {"`tick`"}, 1, 1, 0, 1, 0, 1},
    {"...  <skipped>\302\240the\342\200\224cat &lt;b&gt; is (brackets) dog "
     "\330\247\331\204\331\203\330\252\330\247\330\250  brown  "
     "\342\200\234the\342\200\235-\012<skipped>-\0122-3 \342\200\234the\342\200\235-\012<skipped>-\0122-3 "
     "the\342\200\224cat\037AN caf\303\251 sat \316\221\316\222\316\223\302\240AN "
     "\316\221\316\222\316\223\011\342\200\234the\342\200\235 \307\204\342\200\203 \307\204\342\200\203",
     {"...  <skipped>\302\240the\342\200\224cat &lt;b&gt; is (brackets) dog x\302\262  brown  "
      "\342\200\234the\342\200\235-\012<skipped>-\0122-3 the\342\200\224cat\037AN caf\303\251 sat "
      "\316\221\316\222\316\223\302\240AN \316\221\316\222\316\223\011\342\200\234the\342\200\235 "
      "\307\204\342\200\203"},
     0,
     0.84444444444444444,
     76.851070794494888,
     0.89361702127659581,
     0.84444444444444444,
     0.89361702127659581},
    {"C++ \307\204\012\330\247\331\204\331\203\330\252\330\247\330\250\302\2409.a was $9.99 is "
     "9.a\342\200\2139.a\342\200\213{set}\302\240to e.g.\343\200\200\342\200\234the\342\200\235 a/b "
     "&quot;so&quot; lazy yes!\302\240&lt;b&gt; an \330\247\331\204\331\203\330\252\330\247\330\250 "
     "\330\247\331\204\331\203\330\252\330\247\330\250 it's "
     "2-3\342\200\203list:\011don't\037\320\234\320\276\321\201\320\272\320\262\320\260 another -dash "
     "50%\342\200\203-dash K",
     {"a/b \307\204\012\330\247\331\204\331\203\330\252\330\247\330\250\302\2409.a was C++  is "
      "9.a\342\200\2139.a\342\200\213{set}\302\240to e.g.\343\200\200\342\200\234the\342\200\235 another "
      "London\011\360\237\231\202 lazy yes!\302\240&lt;b&gt; K "
      "\330\247\331\204\331\203\330\252\330\247\330\250 it's "
      "2-3\342\200\203list:\011don't\037\320\234\320\276\321\201\320\272\320\262\320\260 an dash- -dash "
      "50%\342\200\203-dash the\302\240\304\260stanbul\011x\302\262\342\200\213"},
     0,
     0.86666666666666659,
     65.739856670290763,
     0.86075949367088611,
     0.62337662337662336,
     0.708860759493671},
    {"list:\343\200\200brown\302\240\330\247\331\204\331\203\330\252\330\247\330\250 `tick` to",
     {"list:\343\200\200brown\302\240\330\247\331\204\331\203\330\252\330\247\330\250 `tick` "
      "yes!\302\240caf\303\251 list:\342\200\203U.S."},
     0,
     0.61538461538461542,
     30.93485033266056,
     0.5,
     0.40000000000000002,
     0.5},
    {" mat \342\205\247 \342\205\247 #tag on an 'single' x=y in in",
     {"'single' mat \342\205\247 &\343\200\200cat\342\200\20310-12 #tag on "
      "\042quoted\042\037Stra\303\237e\011\320\234\320\276\321\201\320\272\320\262\320\260  x=y in"},
     0,
     0.66666666666666663,
     18.678325117721318,
     0.63636363636363635,
     0.29999999999999999,
     0.54545454545454553},
    {"on\342\200\213&quot;so&quot;\342\200\213Paris lazy 7,8.-\012 7,8.-\012",
     {"on\342\200\213&quot;so&quot;\342\200\213Paris lazy 7,8.-\012"},
     0,
     0.8571428571428571,
     75.104998157097782,
     0.88888888888888895,
     0.87500000000000011,
     0.88888888888888895},
    {"_under_\342\200\2139.a yes! \342\200\230a\342\200\231\037{set} <skipped>",
     {"_under_\342\200\2139.a \342\200\230a\342\200\231\037{set} \307\204\302\240of yes! <skipped>"},
     0,
     0.8571428571428571,
     57.852512585385661,
     0.93333333333333335,
     0.46153846153846151,
     0.79999999999999993},
    {"1,234", {"Stra\303\237e", "1,234"}, 1, 1, 0, 1, 1, 1},
    {"1,234 \346\227\245\346\234\254\350\252\236\342\200\213London\302\240Paris\342\200\213a\342\200\213end, "
     "2-3 na\303\257ve (brackets)\302\2403.14 K 9.a\343\200\200wait;  2-3\343\200\200\357\254\201ne it's "
     "it's\011London\343\200\200and \330\247\331\204\331\203\330\252\330\247\330\250 theory on e.g. "
     "\346\235\261\344\272\254\342\200\203&quot;so&quot;\342\200\213an's 2-3\302\240-- 9.a K "
     "e.g.\342\200\213it's-\01250%\012the\342\200\224cat\302\240",
     {"dash-\037... to \342\205\247\342\200\203yes! x\302\262\343\200\200to\343\200\200quick "
      "end,\342\200\203\346\227\245\346\234\254\350\252\236  list: 9.a mat\342\200\213sat "
      "and\342\200\213theory\302\240na\303\257ve\342\200\213\342\200\234the\342\200\235 2-3 "
      "an\342\200\2135.-6 London\342\200\203state-of-the-art-\012U.S. no\077 it's an's \342\221\240 dash- "
      "9.a dash- it's (brackets)\302\2407,8.\012"},
     0,
     0.23728813559322037,
     8.2145286029451619,
     0.46666666666666662,
     0.1818181818181818,
     0.31111111111111112},
    {"don't Z\303\274rich\012\342\205\247  50%\302\2402-3 2-3\302\240\316\221\316\222\316\223",
     {"river\342\200\213dash-\037caf\303\251\012is (brackets)\302\240dog-\012end, 1,234\342\200\203",
      "a <skipped> end. 5.-6 7,8. 1,234  of\011end.",
      "don't Z\303\274rich\012\342\205\247  \346\227\245\346\234\254\350\252\236  50%\302\2402-3 "
      "2-3\302\240\316\221\316\222\316\223",
      "Z\303\274rich\342\200\213an\342\200\203& don't\343\200\200'single' "
      "you@home\342\200\213\346\235\261\344\272\254\012\346\235\261\344\272\254\012"},
     0,
     0.93333333333333335,
     83.445228972230097,
     1,
     1,
     1},
    {"2-3-\012brown 50%",
     {"another \342\200\234the\342\200\235 \342\200\230a\342\200\231\012",
      "5.-6\343\200\200end, \342\205\247\302\240", "`tick`\011\042quoted\042 --", "2-3-\012brown you@home"},
     0,
     0.66666666666666663,
     32.555630133216134,
     0.66666666666666652,
     0.57142857142857151,
     0.66666666666666652},
    {"[sic]", {"[sic]"}, 1, 1, 0, 1, 0, 1},
    {"<skipped>\037state-of-the-art",
     {"of \342\205\247\011", "<skipped>\037state-of-the-art",
      "\320\234\320\276\321\201\320\272\320\262\320\260\342\200\203[sic]",
      "#tag-\012na\303\257ve\342\200\203"},
     1,
     1,
     0,
     1,
     1,
     1},
    {"Stra\303\237e end. 9.a 50%\011<skipped>\343\200\200",
     {"Stra\303\237e end. 9.a 50%\011<skipped>\343\200\200"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"(brackets)\342\200\213cat\01250%\342\200\203cat\302\240lazy\342\200\213",
     {"(brackets)\342\200\213cat\01250%\342\200\203cat\302\240lazy\342\200\213"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"[sic]\302\240\320\234\320\276\321\201\320\272\320\262\320\260",
     {"[sic]\302\240\320\234\320\276\321\201\320\272\320\262\320\260",
      "_under_\343\200\200Z\303\274rich\302\240"},
     1,
     1,
     100.00000000000004,
     1,
     0,
     1},
    {"sat is cat London\0379.a \307\204 Paris\342\200\203of don't an's {set}",
     {"sat is cat London\0379.a \307\204 don't Paris\342\200\203of U.S. an's {set} the\343\200\200",
      "\304\260stanbul\011Stra\303\237e can 5.-6 was\302\240it\012Seine _under_ ...\342\200\213[sic] list: "
      "theory\011theory"},
     0,
     0.95652173913043481,
     50.243570543261079,
     0.89655172413793105,
     0.66666666666666652,
     0.75862068965517238},
    {"you@home can -dash\342\200\213an\342\200\213&quot;so&quot; an's\012K Stra\303\237e",
     {"you@home can -dash\342\200\213an\342\200\213&quot;so&quot; an's\012K Stra\303\237e",
      "the\342\200\224cat\011Z\303\274rich 2-3 it\343\200\200caf\303\251 &quot;so&quot;\012over &amp;",
      "-dash <skipped>\342\200\203\346\235\261\344\272\254\012river Stra\303\237e\037you@home 'single' "
      "the\342\200\224cat",
      "wait; dash-\0121912\011\360\237\231\202\342\200\213`tick`\012x=y e.g. on\302\240"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"na\303\257ve\011brown\037_under_",
     {"na\303\257ve\011brown\037_under_", "of no\077 (brackets)"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"3.14 3.14 ... U.S.",
     {"3.14 ... U.S. U.S.\302\240\342\200\230a\342\200\231\342\200\203",
      "\360\237\231\202 dash- \342\200\234the\342\200\235 \304\260stanbul na\303\257ve",
      "K over 7,8.\343\200\200and\302\240list:\343\200\200",
      "\342\221\240\343\200\2003.14\342\200\213&amp; brown-\012<skipped>\342\200\203"},
     0,
     0.5,
     86.33400213704509,
     0.61538461538461531,
     0.54545454545454541,
     0.61538461538461531},
    {"sat Seine", {"sat \307\204"}, 0, 0.5, 0, 0.66666666666666663, 0, 0.66666666666666663},
    {"9.a\342\200\213yes! Seine\342\200\213na\303\257ve\342\200\203&quot;so&quot; "
     "...\302\240<skipped>\0375.-6 ...\302\240<skipped>\0375.-6",
     {"9.a\342\200\213yes! Seine\342\200\213na\303\257ve\342\200\203&quot;so&quot; "
      "...\302\240<skipped>\0375.-6",
      "x=y was dog Paris AN\012\342\205\247  it `tick`\302\240",
      "-dash & the caf\303\251-\012\042quoted\042 an's\342\200\213fox  it's\012",
      "10-12\342\200\213... --\302\240cat\302\240...\342\200\2133.14 "
      "\320\234\320\276\321\201\320\272\320\262\320\260\037a"},
     0,
     0.83333333333333326,
     72.527612791265383,
     0.88888888888888895,
     0.88,
     0.88888888888888895},
    {"A \316\221\316\222\316\223 &amp; sat \346\227\245\346\234\254\350\252\236",
     {"A \316\221\316\222\316\223 &amp; sat \346\227\245\346\234\254\350\252\236"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"\307\204 on jumps `tick` `tick`",
     {"\307\204 on jumps 2-3-\012U.S.\037$9.99\302\240an `tick`"},
     0,
     0.66666666666666663,
     15.324196389737153,
     0.42857142857142849,
     0.16666666666666666,
     0.42857142857142849},
    {"\342\221\240 "
     "lazy\011\330\247\331\204\331\203\330\252\330\247\330\250-"
     "\012\320\234\320\276\321\201\320\272\320\262\320\260  to\302\240",
     {"\342\221\240 "
      "lazy\011\330\247\331\204\331\203\330\252\330\247\330\250-"
      "\012\320\234\320\276\321\201\320\272\320\262\320\260  to\302\240",
      "...\037is\012and brown and-\012"},
     1,
     1,
     100.00000000000004,
     1,
     1,
     1},
    {"K \342\221\240\342\200\203of", {"K \342\221\240\342\200\203of"}, 1, 1, 0, 1, 1, 1},
    {"the\342\200\224cat \304\260stanbul",
     {"the The\037", "Stra\303\237e \304\260stanbul"},
     0,
     0.5,
     0,
     0.5,
     0.33333333333333331,
     0.5},
    {"the\343\200\200&lt;b&gt;\037",
     {"10-12 1912", "\330\247\331\204\331\203\330\252\330\247\330\250 _under_"},
     0,
     0,
     0,
     0,
     0,
     0},
    {"Z\303\274rich \316\221\316\222\316\223\343\200\200wait;\342\200\203The _under_ "
     "a\342\200\203yes!\343\200\200sat\342\200\213A &quot;so&quot; `tick`  a/b &lt;b&gt; and a/b "
     "wait;\342\200\213#tag Seine\011\042quoted\042-\012over jumps\302\240\346\235\261\344\272\254 Paris "
     "7,8. Seine\342\200\203AN\011and-\012",
     {"AN \042quoted\042\037-- Seine\011\304\260stanbul\343\200\200dog-\012x=y the <skipped> "
      "it's\0122-3\342\200\2037,8.\342\200\203\316\221\316\222\316\223\343\200\20050% "
      "&lt;b&gt;\343\200\200London -dash a/b `tick`-\012\042quoted\042\037a\302\240(brackets) -dash yes! "
      "brown\342\200\203AN \316\221\316\222\316\223 ... 1,234 e.g.\302\240Z\303\274rich\302\240A "
      "\304\260stanbul Stra\303\237e",
      "was\302\240x\302\262\342\200\213it 7,8.\012\360\237\231\202 #tag \342\200\234the\342\200\235 "
      "\342\200\230a\342\200\231 "
      "another-\012U.S.\342\200\203\330\247\331\204\331\203\330\252\330\247\330\250 The\012an #tag 1,234 the "
      "&amp;-\012$9.99\342\200\213\360\237\231\202-\012an\302\24050% sat "
      "the\342\200\224cat\012Stra\303\237e-\012the\342\200\224cat end. U.S. Paris\011&lt;b&gt; can\037it's "
      "_under_ \357\254\201ne it\302\240",
      "the\342\200\224cat \346\227\245\346\234\254\350\252\236 A\343\200\200over\011The-\012The "
      "Z\303\274rich list: \316\221\316\222\316\223\343\200\200wait;\342\200\203The {set} an's "
      "a\342\200\203yes!\343\200\200sat\342\200\213A &quot;so&quot; `tick` a/b &lt;b&gt; and  "
      "wait;\342\200\213#tag Seine\011\042quoted\042-\012over jumps\302\240\346\235\261\344\272\254 Paris "
      "7,8. Seine\342\200\203AN\011and-\012",
      "\342\205\247 on an and The "
      "`tick`\302\240state-of-the-art\342\200\2135.-6\011'single'-\012end,\302\240it's brown "
      "the\012an's\342\200\213_under_\343\200\200and\012is\302\240a/b \342\205\247 'single'  "
      "state-of-the-art\302\240\316\221\316\222\316\223\011{set} \357\254\201ne\343\200\200'single' 9.a "
      "\316\221\316\222\316\223 list: state-of-the-art e.g. and a 10-12\012another"},
     0,
     0.83333333333333326,
     81.762939091518874,
     0.84931506849315086,
     0.73239436619718312,
     0.82191780821917804},
    {"is", {"5.-6", "an\037", "is"}, 1, 1, 0, 1, 0, 1},
    {"\346\235\261\344\272\254 e.g. e.g. don't na\303\257ve\342\200\213Paris The and 5.-6 A "
     "10-12\302\240The\342\200\213on C++ C++ wait; wait;  state-of-the-art and ... "
     "Paris\342\200\213$9.99\342\200\213na\303\257ve\342\200\203& U.S. sat\302\2401,234 sat\302\2401,234 "
     "London  `tick` `tick` _under_ ...\011of the\342\200\224cat ... end,\302\240of "
     "Paris\343\200\200\342\205\247 the "
     "lazy\302\240in\037&quot;so&quot;-\012dash-\011\342\200\234the\342\200\235 2-3\302\240Stra\303\237e "
     "(brackets) river 7,8. $9.99\011end, no\077 no\077 in\302\240U.S. theory-\012brown 2-3 7,8. $9.99 the "
     "it's {set} cat\011... jumps\037another-\012[sic] jumps\037another-\012[sic]  2-3 e.g.\302\240you@home "
     "\357\254\201ne 10-12-\012and theory jumps\302\240dash- dog  Paris of &lt;b&gt; "
     "x\302\262\343\200\200a\01210-12\037over\012you@home "
     "x\302\262\343\200\200a\01210-12\037over\012you@home \342\200\234the\342\200\235 "
     "list:\343\200\200x\302\262 \342\221\240 the\342\200\224cat end, brown\011x\302\262\302\240\342\205\247 "
     "10-12\302\240The\342\200\213on ... & a\343\200\200don't-\0122-3 10-12 \346\235\261\344\272\254 in "
     "'single'\342\200\213state-of-the-art lazy Seine\037dash- it it a/b \042quoted\042 "
     "London-\012dash-\302\240Stra\303\237e \304\260stanbul\342\200\203and \304\260stanbul\342\200\203and "
     "mat \342\205\247 "
     "\330\247\331\204\331\203\330\252\330\247\330\250\342\200\213(brackets)\302\240over\342\200\203("
     "brackets)\342\200\203K\302\240'single' #tag\011AN The  <skipped> wait; don't don't   9.a 9.a "
     "end.\342\200\2133.14\302\24050% end.-\0125.-6\012\304\260stanbul\302\240to the "
     "\357\254\201ne\302\240The\342\200\213over sat dash- state-of-the-art \346\235\261\344\272\254 cat "
     "&lt;b&gt;\0123.14 another 10-12 (brackets)\012--\342\200\213on A "
     "\330\247\331\204\331\203\330\252\330\247\330\250 an's \342\200\230a\342\200\231 x\302\262 "
     "London\342\200\213\342\200\234the\342\200\235 \307\204  sat sat list:\011London "
     "&lt;b&gt;\012\316\221\316\222\316\223\342\200\213\042quoted\042 and it\343\200\200&quot;so&quot; &amp; "
     "over river fox a 2-3\302\240Z\303\274rich\012list:-\012_under_\012\342\205\247\011fox the Seine "
     "state-of-the-art an's sat\011\360\237\231\202 end, \346\227\245\346\234\254\350\252\236 "
     "no\077\302\240London no\077\302\240London don't _under_  another 1,234-\012of A\342\200\203Seine "
     "\346\227\245\346\234\254\350\252\236  is #tag (brackets) (brackets) mat\037in "
     "7,8.\342\200\213sat\037\330\247\331\204\331\203\330\252\330\247\330\250  "
     "was\342\200\20310-12-\012'single'\342\200\203wait; was\342\200\20310-12-\012'single'\342\200\203wait; "
     "&quot;so&quot; A A A  #tag (brackets) quick \346\235\261\344\272\254-\012#tag is-\012London  river mat "
     "'single' don't \304\260stanbul\343\200\2009.a\343\200\200C++\343\200\200a/b\012theory "
     "Stra\303\237e\302\240... another  \342\200\234the\342\200\235 Seine mat "
     "\357\254\201ne\037-dash\343\200\200lazy\037... \357\254\201ne\037-dash\343\200\200lazy\037... "
     "`tick`\302\240of\037\342\200\234the\342\200\235 wait; (brackets) &quot;so&quot;\342\200\213an's A an's "
     "10-12 10-12 "
     "\320\234\320\276\321\201\320\272\320\262\320\260\342\200\213#tag\012another-\01210-12\342\200\2033.14 "
     "\042quoted\042 \042quoted\042 of 3.14  #tag\343\200\200quick <skipped> "
     "mat\012it's\343\200\200-dash\037AN\012London &amp; was\343\200\200Seine <skipped>\0111912 "
     "e.g.\302\240&lt;b&gt; K you@home _under_ an\302\240<skipped>\012end. &amp;\012no\077 "
     "\304\260stanbul\342\200\203cat\342\200\213is\012it's Z\303\274rich\302\240jumps quick London London "
     "&lt;b&gt; $9.99\302\240end,  (brackets)\011cat-\012&quot;so&quot;\037London end. theory -dash "
     "(brackets)  #tag \316\221\316\222\316\223 `tick` &lt;b&gt; "
     "\320\234\320\276\321\201\320\272\320\262\320\260 (brackets) "
     "x=y\012--\342\200\2137,8.-\012Z\303\274rich list:\037a \342\200\234the\342\200\235  no\077 ... ... "
     "\307\204\011\342\221\240 x=y x=y yes! na\303\257ve 3.14\012fox "
     "\360\237\231\202\342\200\203A\342\200\203jumps-\012brown x=y\302\240x=y\343\200\200<skipped>  "
     "_under_\342\200\213#tag Stra\303\237e U.S. \330\247\331\204\331\203\330\252\330\247\330\250 A "
     "state-of-the-art\342\200\2137,8. \342\221\240 it\012AN Seine the\342\200\224cat to dog theory mat mat  "
     "2-3 don't\011AN\012river \360\237\231\202\342\200\213\316\221\316\222\316\223 "
     "it\342\200\213\342\200\230a\342\200\231\302\2405.-6\012list:\037yes!-"
     "\012\346\227\245\346\234\254\350\252\236-\012\342\200\230a\342\200\231 \342\205\247 "
     "another\342\200\203-dash can it another-\012end.-\012-dash state-of-the-art U.S. U.S. to \342\221\240 "
     "end, dog theory the &amp; jumps-\012can end,\342\200\213an "
     "<skipped>\342\200\203\307\204\302\240and\011over\343\200\2009.a &amp; end. yes! "
     "\342\205\247\342\200\203list: \307\204 AN was [sic]\342\200\203another end, C++ "
     "and\012\320\234\320\276\321\201\320\272\320\262\320\260-"
     "\012\320\234\320\276\321\201\320\272\320\262\320\260\012jumps\011a\302\240-dash "
     "\330\247\331\204\331\203\330\252\330\247\330\250 `tick`\342\200\203x\302\262\011x=y\037the "
     "\304\260stanbul and #tag\342\200\203\304\260stanbul `tick` quick &quot;so&quot; K list: an mat mat the "
     "London  over\012Stra\303\237e\342\200\203U.S. \316\221\316\222\316\223  #tag don't river "
     "an\342\200\203caf\303\251 \316\221\316\222\316\223\342\200\203it's\343\200\200U.S. "
     "-dash\037na\303\257ve The another \342\200\234the\342\200\235 an 10-12 "
     "over\037\330\247\331\204\331\203\330\252\330\247\330\250-\012\357\254\201ne-"
     "\012\330\247\331\204\331\203\330\252\330\247\330\250\342\200\203cat\343\200\200fox an's "
     "dash-\011a/b\342\200\213U.S.\01210-12 \307\204 \307\204 {set}-\012\304\260stanbul is \357\254\201ne "
     "'single' &lt;b&gt; & A an's  50% the\342\200\224cat _under_ _under_ &lt;b&gt; "
     "\346\227\245\346\234\254\350\252\236 brown\343\200\200you@home\342\200\2039.a "
     "\342\200\230a\342\200\231 x=y an\343\200\2003.14 "
     "\342\221\240\012\346\227\245\346\234\254\350\252\236\302\240don't \316\221\316\222\316\223 "
     "\304\260stanbul dash-\011is-\012theory  _under_ in\342\200\213on jumps 3.14 7,8. 'single' U.S. "
     "7,8.\342\200\213&quot;so&quot;\012an mat no\077 is\343\200\200don't end,   it's end, \042quoted\042 "
     "wait;\342\200\203\342\221\240 to -dash "
     "lazy\302\240in\037&quot;so&quot;-\012dash-\011\342\200\234the\342\200\235 \360\237\231\202 "
     "\316\221\316\222\316\223\011'single'\343\200\200\346\235\261\344\272\254 in Paris &amp; 'single' and "
     "\360\237\231\202 Seine of 5.-6 brown na\303\257ve x\302\262 -dash\037A",
     {"\346\235\261\344\272\254 e.g. fox\343\200\200the cat an's "
      "\357\254\201ne\037-dash\343\200\200lazy\037... &lt;b&gt;\037\346\235\261\344\272\254 The "
      "in\302\240(brackets)\037The\342\200\203caf\303\251 5.-6 jumps A "
      "brown\011x\302\262\302\240\342\205\247 C++ wait; x=y\012--\342\200\2137,8.-\012Z\303\274rich "
      "state-of-the-art x\302\262 and ... another "
      "Paris\342\200\213$9.99\342\200\213na\303\257ve\342\200\203& U.S. sat\302\2401,234 "
      "\330\247\331\204\331\203\330\252\330\247\330\250  `tick` the\342\200\224cat ...\011of 1912\011list: "
      "in\302\240U.S. end,\302\240of another\342\200\203\320\234\320\276\321\201\320\272\320\262\320\260 "
      "Paris\343\200\200\342\205\247 "
      "lazy\302\240in\037&quot;so&quot;-\012dash-\011\342\200\234the\342\200\235 2-3\302\240Stra\303\237e "
      "(brackets) river 7,8. #tag\342\200\203\304\260stanbul no\077 ... theory-\012brown "
      "[sic]\342\200\203another 7,8.  U.S.  it's {set} The\342\200\213_under_ jumps\037another-\012[sic]  "
      "2-3 e.g.\302\240you@home \357\254\201ne 10-12-\012and theory jumps\302\240dash- #tag don't "
      "\342\205\247\342\200\203list: of &lt;b&gt; x\302\262\343\200\200a\01210-12\037over\012you@home "
      "\342\200\234the\342\200\235 x\302\262 list:\343\200\200x\302\262 \342\221\240 the\342\200\224cat end, "
      " C++ jumps a\343\200\200don't-\0122-3 10-12 (brackets) in 'single'\342\200\213state-of-the-art lazy "
      "Seine\037dash- it a/b \042quoted\042 U.S. jumps London-\012dash-\302\240Stra\303\237e "
      "\304\260stanbul\342\200\203and mat \342\205\247 "
      "\330\247\331\204\331\203\330\252\330\247\330\250\342\200\213(brackets)\302\240over\342\200\203("
      "brackets)\342\200\203K\302\240'single' #tag\011AN The  \360\237\231\202 wait; don't  A 9.a "
      "end.\342\200\2133.14\302\24050% (brackets) _under_\342\200\2031912\0121912 "
      "end.-\0125.-6\012\304\260stanbul\302\240to the &amp; sat dash- state-of-the-art "
      "\346\235\261\344\272\254 cat &lt;b&gt;\0123.14 sat-\012x=y-\012Z\303\274rich\302\240on 10-12 "
      "10-12\302\240The\342\200\213on A 7,8.\343\200\2001,234 & cat\011... an's Z\303\274rich\302\240jumps "
      "x\302\262 London\342\200\213\342\200\234the\342\200\235 \307\204  sat _under_ "
      "&lt;b&gt;\012\316\221\316\222\316\223\342\200\213\042quoted\042 \042quoted\042 &quot;so&quot;-\012-- "
      "and in\302\240[sic] it\343\200\200&quot;so&quot; London &amp; over river `tick`\343\200\200on fox "
      "2-3\302\240Z\303\274rich\012list:-\012_under_\012\342\205\247\011fox no\077\037-- Seine K "
      "$9.99\302\240\307\204\302\240&\342\200\213quick\343\200\200U.S. it an's  `tick` "
      "\346\227\245\346\234\254\350\252\236 no\077\302\240London K ...  it's\011lazy-\012Seine another "
      "1,234-\012of A\342\200\203Seine \346\227\245\346\234\254\350\252\236 wait; #tag #tag U.S. mat\037in "
      "7,8.\342\200\213sat\037\330\247\331\204\331\203\330\252\330\247\330\250  "
      "was\342\200\20310-12-\012'single'\342\200\203wait; &quot;so&quot; A  is (brackets) quick "
      "\346\235\261\344\272\254-\012#tag is-\012London to\302\240_under_\011it "
      "(brackets)\012--\342\200\213on river mat the  &amp; "
      "\304\260stanbul\343\200\2009.a\343\200\200C++\343\200\200a/b\012theory Stra\303\237e\302\240... "
      "another  \342\200\234the\342\200\235 Seine mat na\303\257ve\342\200\213Paris "
      "`tick`\302\240of\037\342\200\234the\342\200\235  (brackets) &quot;so&quot;\342\200\213an's "
      "Z\303\274rich an's 10-12 "
      "\320\234\320\276\321\201\320\272\320\262\320\260\342\200\213#tag\012another-\01210-12\342\200\2033.14 "
      "\042quoted\042 \307\204 in  #tag\343\200\200quick <skipped> "
      "mat\012it's\343\200\200-dash\037AN\012London &amp; 2-3 <skipped>\0111912 e.g.\302\240&lt;b&gt; "
      "x=y\011&lt;b&gt; you@home an\302\240<skipped>\012end. &amp;\012no\077 \342\205\247 was "
      "\342\200\230a\342\200\231 2-3 London &amp;\343\200\200a\342\200\203U.S. $9.99\302\240end, "
      "sat\011\360\237\231\202 end. (brackets)\011cat-\012&quot;so&quot;\037London (brackets)  dog "
      "\316\221\316\222\316\223 end, Paris \320\234\320\276\321\201\320\272\320\262\320\260 (brackets) "
      "x\302\262 list:\037a \342\200\234the\342\200\235  e.g.\343\200\200dash- no\077 ... "
      "\307\204\011\342\221\240 x=y yes! London-\012$9.99 3.14\012fox "
      "\360\237\231\202\342\200\203A\342\200\203jumps-\012brown x=y\302\240x=y\343\200\200<skipped>  "
      "_under_\342\200\213#tag Stra\303\237e U.S. \330\247\331\204\331\203\330\252\330\247\330\250 "
      "cat\012wait; x\302\262 it state-of-the-art\342\200\2137,8. \342\221\240 it\012AN Seine "
      "state-of-the-art to dog is the mat  2-3 don't\011AN\012river "
      "\360\237\231\202\342\200\213\316\221\316\222\316\223 "
      "it\342\200\213\342\200\230a\342\200\231\302\2405.-6\012list:\037yes!-"
      "\012\346\227\245\346\234\254\350\252\236-\012\342\200\230a\342\200\231  another\342\200\203-dash can "
      "A\037... another-\012end.-\012-dash state-of-the-art U.S. to \342\221\240 an's dog a/b\011AN the "
      "the\342\200\224cat\011caf\303\251 jumps-\012can end,\342\200\213an "
      "<skipped>\342\200\203\307\204\302\240and\011over\343\200\2009.a _under_ -dash yes! &lt;b&gt; \307\204 "
      "AN don't\342\200\203na\303\257ve \304\260stanbul\342\200\203cat\342\200\213is\012it's "
      "yes!\342\200\203AN was\343\200\200Seine end, no\077 "
      "and\012\320\234\320\276\321\201\320\272\320\262\320\260-"
      "\012\320\234\320\276\321\201\320\272\320\262\320\260\012jumps\011a\302\240-dash AN "
      "`tick`\342\200\203x\302\262\011x=y\037the \304\260stanbul and $9.99\011end, `tick` quick "
      "&quot;so&quot; K 'single' an `tick` Paris London $9.99 over\012Stra\303\237e\342\200\203U.S.  "
      "the\342\200\224cat-\012... #tag \307\204\342\200\213&quot;so&quot; river an\342\200\203caf\303\251 "
      "\316\221\316\222\316\223\342\200\203it's\343\200\200U.S. -dash\037na\303\257ve "
      "\304\260stanbul\302\2409.a\302\240end, <skipped>\342\200\203\316\221\316\222\316\223 another "
      "\342\200\234the\342\200\235 an dog\342\200\203\342\200\234the\342\200\235\343\200\200\342\205\247 "
      "\330\247\331\204\331\203\330\252\330\247\330\250 over\037you@home "
      "over\037\330\247\331\204\331\203\330\252\330\247\330\250-\012\357\254\201ne-"
      "\012\330\247\331\204\331\203\330\252\330\247\330\250\342\200\203cat\343\200\200fox an's "
      "dash-\011a/b\342\200\213U.S.\01210-12 \307\204 {set}-\012\304\260stanbul is \357\254\201ne 'single'  "
      "cat & A end,  50% the\342\200\224cat  &lt;b&gt; brown\343\200\200you@home\342\200\2039.a "
      "\342\200\230a\342\200\231 "
      "\342\221\240\342\200\213&quot;so&quot;\012C++\012\346\227\245\346\234\254\350\252\236 "
      "an\343\200\2003.14 \346\235\261\344\272\254 "
      "\342\221\240\012\346\227\245\346\234\254\350\252\236\302\240don't \316\221\316\222\316\223 "
      "\304\260stanbul a/b dash-\011is-\012theory  na\303\257ve in\342\200\213on jumps 3.14 7,8. 'single' "
      "<skipped> mat of no\077 is\343\200\200don't end,  dog end, \042quoted\042  "
      "wait;\342\200\203\342\221\240 to -dash theory 7,8.\342\200\213&quot;so&quot;\012an "
      "\316\221\316\222\316\223\011'single'\343\200\200\346\235\261\344\272\254 in the "
      "\357\254\201ne\302\240The\342\200\213over 'single' of \360\237\231\202 fox\342\200\203'single' Seine "
      "caf\303\251  5.-6 brown list:\011London  no\077 x\302\262  -dash\037A"},
     0,
     0.92189006750241076,
     60.307484042200805,
     0.93006488824801736,
     0.67003610108303258,
     0.68493150684931514},
};

/* BLEU of the first 50, 100, 150 and 200 together. */
static const double score_vectors_bleu[] = {93.970979253462957, 84.071141839521957, 81.935356452781448,
                                            73.952980752101496};

#endif
