-- The column of a row that holds its check sum; no tally names one so.
local CHECK_SUM = '\0'
