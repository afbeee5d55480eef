"""Invented people of many origins: forenames and surnames that the generated set draws from."""

from __future__ import annotations

ORIGINS: dict[str, tuple[str, str]] = {
    "English": (
        "Alfie Harriet Reuben Matilda Callum Imogen Toby Eliza Rhys Beatrice Declan Philippa Ewan Tabitha",
        "Hargreaves Tolliver Pennington Ashdown Whitcombe Brockman Standish Ollerton Fairclough Winstanley Dunmore",
    ),
    "Irish": (
        "Aoife Cillian Niamh Oisin Saoirse Tadhg Caoimhe Fionn Roisin Donnacha Siobhan Eoghan",
        "O'Driscoll McGarry Gallagher Ní_Bhriain Doherty Connaughton O'Shaughnessy Maguire Kilbride Brannigan",
    ),
    "Welsh and Scottish": (
        "Gwilym Seren Iolo Angharad Hamish Eilidh Ruaridh Catriona Llew Morwenna Fraser Isla",
        "Prydderch Llewelyn Macrae Ap_Rhys Drummond Cadwaladr Ferguson Gwynne Colquhoun Buchanan",
    ),
    "Polish": (
        "Kacper Oliwia Szymon Zuzanna Bartosz Maja Igor Wiktoria Ksawery Nadia Marcel Łucja",
        "Wiśniewski Zając Kowalczyk Dąbrowska Szczepański Wójcik Gawlik Mazur Jabłońska Pietrzak",
    ),
    "Romanian and Roma": (
        "Ionuț Denisa Florin Luminița Răzvan Bianca Costel Mirela Vasile Crina Sorin Narcisa",
        "Lăcătuș Ciobanu Bălteanu Stoica Dumitrescu Munteanu Căldăraru Ursu Horváth Balog",
    ),
    "Turkish and Kurdish": (
        "Emre Zeynep Berkay Elif Serhat Rojda Kaan Dilan Yusuf Berivan Ozan Havin",
        "Yıldırım Demirtaş Özdemir Karakaya Aslan Çelik Bozkurt Şahin Polat Toprak",
    ),
    "Pakistani and Bangladeshi": (
        "Ayaan Zainab Hamza Maryam Rayyan Aleesha Ibrahim Sumayah Zayd Inaaya Taskin Nusrat",
        "Choudhury Begum Hussain Qureshi Miah Akhtar Sheikh Rahman Mirza Siddiqui",
    ),
    "Indian and Sri Lankan": (
        "Arjun Anaya Simran Rohan Jaspreet Diya Kavin Thaksha Harleen Vihaan Nethmi Gurtaj",
        "Patel Sandhu Krishnan Deshpande Sivakumar Bhatt Grewal Wickramasinghe Nair Solanki",
    ),
    "Nepali": (
        "Asmi Sujal Prisha Bibek Anushka Nischal Yangji Roshan Smriti Ritesh Sabina Dipson",
        "Limbu Gurung Tamang Rai Thapa Shrestha Ghale Pun Magar Khadka",
    ),
    "West African": (
        "Temitope Chidera Kwabena Adaeze Oluwaseun Abena Ikenna Folasade Ebrima Fatou Kojo Ngozi",
        "Adeyemi Nwachukwu Asante Okonkwo Oyelaran Boateng Ceesay Owusu Eze Mensah",
    ),
    "East African": (
        "Abdirahman Hodan Filmon Selam Yonas Ayaan Mebrahtu Hamdi Liban Semhar Tesfay Sagal",
        "Warsame Habtom Tekle Abdullahi Gebremedhin Farah Osman Haile Mohamud Kidane",
    ),
    "Arabic and Afghan": (
        "Zaid Rahaf Mouaz Layan Rahmat Farishta Khaled Sidra Najib Parwana Anas Rimas",
        "Al-Khatib Stanikzai Haddad Wardak Mansour Al-Sayed Safi Barakat Noorzai Darwish",
    ),
    "East Asian": (
        "Jiahao Linh Minjun Thuy Wenhao Trang Yuki Anh Haoran Mei-Ling Duc Soo-ah",
        "Nguyen Zhang Tran Park Leung Doan Zhuang Watanabe Vuong Chiu",
    ),
    "Portuguese and Brazilian": (
        "Tiago Beatriz Duarte Mariana Gonçalo Letícia Rúben Inês Vasco Lurdes Caio Yasmin",
        "Teixeira Ferreira Rezende Carvalho da_Silva Moniz Barreto Pestana Sequeira Nóbrega",
    ),
    "Caribbean": (
        "Tyrell Shanice Deshawn Keziah Jermaine Renée Omari Chantelle Levi Kadijah Marlon Tanisha",
        "Brathwaite Codrington Lewin Campbell-Reid Duberry Pinnock Thompson Francis Weekes Alleyne",
    ),
    "Ukrainian": (
        "Oleksandr Kateryna Nazar Solomiia Bohdan Daryna Taras Zlata Maksym Yeva Ostap Myroslava",
        "Shevchenko Hrytsenko Kovalenko Bondar Tkachuk Marchenko Lysenko Moroz Savchuk Petrenko",
    ),
    "names that are words": (
        "Grace Will Summer Rowan Hope Mark Poppy Jack Faith Robin Ivy Lance Blessing Dawn Prince Patience",
        "Young Green Bishop Marsh Sparrow Field Little Savage Rose Cross Reed Frost Penny Hall",
    ),
}
"""Origin -> (forenames, surnames), blank-separated; an underscore stands for a blank within a name."""


def names(written: str) -> list[str]:
    """The names of one list."""
    return [name.replace("_", " ") for name in written.split()]
