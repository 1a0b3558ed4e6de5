-- sMAPE leaves out rows whose true value is zero, as MAPE does. Its sums (the tenth moment) held them; where a count has
-- such rows (the ninth moment, rows with another true value, is short of those labelled), it is unknown until made anew.
UPDATE profile_outcome SET moments = list_concat(list_concat(moments[:9], ['nan'::DOUBLE]), moments[11:])
WHERE len(moments) = 12 AND moments[9] <> n_labelled;
