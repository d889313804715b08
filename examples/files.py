import web

app = web.App(port=80)
readings = [('12:00', 21), ('12:01', 22)]

@app.get('/api/readings')
def list_readings(r):
    return [{'time': time, 'value': value} for time, value in readings]

# what is not in memory but in a file, to be saved
@app.get('/export')
def export(r):
    return web.send_file(r, 'readings.csv', download='readings of today.csv')

# the page and all that it needs: www/index.html, www/app.js.gz, ...
app.static('/', 'www', max_age=60)

app.run()
