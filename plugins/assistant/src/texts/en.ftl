command-ask = Ask the assistant
command-search = Search your posts and facts
command-reset = Forget our talk

ask-what = Ask away: /ask and your question.
search-what = What shall I look for? /search and some words.
only-private = Your posts and facts are between you and me.
button-private = Open the private chat
reset = { $count ->
    [0] There was nothing to forget.
    [one] Forgotten: one message of our talk.
   *[other] Forgotten: { $count } messages of our talk.
}

# Why there is no answer by the model.
why-unavailable = I cannot answer freely just now: no language model answers me.
why-budget = I have said all that I may say today; there is more after { $time }.
why-timeout = The language model took too long to answer. Please ask again.
why-failed = The language model gave no usable answer. Please ask again in other words.
why-filtered = The language model will not answer this.
why-too-long = This is too long for me. Please ask in fewer words.
picture-unseen = I cannot look at this picture: it is too large, of a kind that I do not know, or I did not get it. A smaller one, sent as a photo, would do.
instead = What I can do: /search and some words looks through your posts and facts; the menu shows what else this bot does.
cut = (The answer was cut here because it became too long.)

found = Found for “{ $said }”:
found-fact = • { $field }: { $value }
found-post = • { $time }: { $text }
found-nothing = { $count ->
    [0] Nothing found for “{ $said }”: there are no posts and facts of yours with these words.
    [one] Nothing found for “{ $said }” in your facts and one post.
   *[other] Nothing found for “{ $said }” in your facts and your last { $count } posts.
}
