GREETING = "Dear {{ first }} {{ last }},"
FAREWELL = "Yours, {{sender}}"
